import type { ByteReader, ByteWriter } from './bytes.js'
import { badSegment } from './damage.js'
import { maxValues } from './layout.js'

/** Writes numbers that are not safe integers: eight bytes each, little endian. */
export function writeFloats(values: readonly number[], high: ByteWriter): void {
  const bytes = Buffer.alloc(values.length * 8)
  values.forEach((value, i) => bytes.writeDoubleLE(value, i * 8))
  high.varint(values.length)
  high.bytes(bytes)
}

/** Reads such a column in order. */
export class FloatReader {
  readonly length: number
  at = 0
  readonly #bytes: Buffer

  constructor(high: ByteReader) {
    this.length = high.varint(maxValues)
    this.#bytes = high.take(this.length * 8)
  }

  /** The next number. */
  next(): number {
    if (this.at >= this.length) throw badSegment('a column is too short')
    return this.#bytes.readDoubleLE(this.at++ * 8)
  }

  /** Passes over numbers. */
  skip(count: number): void {
    this.at += count
  }
}
