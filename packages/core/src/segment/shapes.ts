import { badSegment } from '../record/damage.js'
import { ByteReader } from './bytes.js'
import { maxShapeBytes, maxValues } from './layout.js'
import { readTemplate, ValueColumns, type HopTemplate } from './template.js'

/** The shapes of a segment. Each is read when a record of it, or a later one, is. */
export class Shapes {
  readonly count: number
  readonly #bytes: Buffer
  /** Of each shape where it begins and ends. */
  readonly #places: number[] = []
  readonly #templates: HopTemplate[] = []
  readonly #columns = new ValueColumns()
  #size = 0

  /** Passes over the shapes, at most `most`. */
  constructor(high: ByteReader, most: number) {
    this.count = high.varint(most)
    this.#bytes = high.bytes
    let bytes = 0
    for (let i = 0; i < this.count; i++) {
      const length = high.varint(maxShapeBytes)
      bytes += length
      if (bytes > maxShapeBytes) throw badSegment('its shapes are too large')
      this.#places.push(high.pass(length), high.at)
    }
  }

  /** The template of a shape. */
  template(number: number): HopTemplate {
    const known = this.#templates[number]
    if (known !== undefined) return known
    if (number >= this.count) throw badSegment('a record has an unknown shape')
    // Value columns are numbered in the order in which the shapes first name them.
    for (let i = this.#templates.length; i <= number; i++) {
      const symbols = new ByteReader(this.#bytes, this.#places[2 * i], this.#places[2 * i + 1])
      const template = readTemplate(symbols, this.#columns)
      this.#size += template.size
      if (this.#size > maxValues) throw badSegment('it holds too much')
      this.#templates.push(template)
    }
    return this.#templates[number] as HopTemplate
  }

  /** The types of the value columns, at their numbers. Reads all shapes. */
  columnTypes(): readonly number[] {
    if (this.count > 0) this.template(this.count - 1)
    return this.#columns.types
  }
}
