import { NumberColumn } from './number-column.js'
import type { Words } from './words.js'

/**
 * What one record adds to columns, held back until all of it is known to fit. Numbers and texts are kept apart so that numbers
 * are not boxed; the arrays are used again for the next record.
 */
export class HeldValues {
  readonly #numbers = new NumberColumn()
  readonly #numberSinks: NumberColumn[] = []
  readonly #texts: string[] = []
  readonly #textSinks: string[][] = []

  number(sink: NumberColumn, value: number): void {
    this.#numberSinks[this.#numbers.length] = sink
    this.#numbers.push(value)
  }

  text(sink: string[], value: string): void {
    this.#textSinks[this.#texts.length] = sink
    this.#texts.push(value)
  }

  /** A whole id. */
  words(sink: NumberColumn, id: Words): void {
    this.number(sink, id.high)
    this.number(sink, id.low)
    this.number(sink, id.tailHigh)
    this.number(sink, id.tailLow)
  }

  drop(): void {
    this.#numbers.length = 0
    this.#texts.length = 0
  }

  /** Moves everything into its column. */
  release(): void {
    const { values, length } = this.#numbers
    for (let i = 0; i < length; i++) (this.#numberSinks[i] as NumberColumn).push(values[i] as number)
    this.#texts.forEach((text, i) => (this.#textSinks[i] as string[]).push(text))
    this.drop()
  }
}
