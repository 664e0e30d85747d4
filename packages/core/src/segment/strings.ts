import { badSegment } from '../record/damage.js'
import { DecodeBudget } from './budget.js'
import type { ByteReader } from './bytes.js'
import { maxValues } from './layout.js'
import { PlainTexts } from './text-column.js'

/** The texts that shapes name by their numbers. A look-up wants few of them. */
export class Strings {
  // Names become keys of objects, so each becomes a separate text in memory.
  readonly #budget = new DecodeBudget()
  readonly #texts: PlainTexts | undefined
  readonly #known: (string | undefined)[]

  constructor(high: ByteReader, low: ByteReader, budget: DecodeBudget) {
    const count = high.varint(maxValues)
    this.#known = new Array<string | undefined>(count)
    if (count > 0) this.#texts = new PlainTexts(count, high, low, budget)
  }

  /** The text of a number; the first is 1. */
  at(number: number): string {
    const known = this.#known[number - 1]
    return known === undefined ? this.#read(number) : known
  }

  /** The same where 0 is null. */
  orNull(number: number): string | null {
    return number === 0 ? null : this.at(number)
  }

  #read(number: number): string {
    if (this.#texts === undefined || !(number >= 1 && number <= this.#known.length))
      throw badSegment('a shape names an unknown text')
    const text = this.#texts.at(number - 1)
    this.#budget.texts(text.length)
    this.#known[number - 1] = text
    return text
  }
}
