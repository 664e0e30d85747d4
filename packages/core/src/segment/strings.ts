import { badSegment } from '../record/damage.js'
import { DecodeBudget } from './budget.js'
import type { ByteReader } from './bytes.js'
import { maxValues } from './layout.js'
import { readPlain } from './text-column.js'

/** The texts that shapes name by their numbers. A look-up wants few of them. */
export class Strings {
  // Names become keys of objects, so each becomes a separate text in memory.
  readonly #budget = new DecodeBudget()
  readonly #textAt: (index: number) => string
  readonly #known: (string | undefined)[]

  constructor(high: ByteReader, low: ByteReader, budget: DecodeBudget) {
    const count = high.varint(maxValues)
    this.#known = new Array<string | undefined>(count)
    this.#textAt = count === 0 ? () => '' : readPlain(count, high, low, budget)
  }

  /** The text of a number; the first is 1. */
  at(number: number): string {
    if (number < 1 || number > this.#known.length) throw badSegment('a shape names an unknown text')
    const known = this.#known[number - 1]
    if (known !== undefined) return known
    const text = this.#textAt(number - 1)
    this.#budget.texts(text.length)
    this.#known[number - 1] = text
    return text
  }
}
