import type { ByteReader, ByteWriter } from './bytes.js'
import { badSegment } from '../record/damage.js'
import { maxValues } from './layout.js'
import type { NumberColumn } from './number-column.js'

/** Writes numbers that are not safe integers: eight bytes each, little endian. */
export function writeFloats({ values, length }: NumberColumn, high: ByteWriter): void {
  const bytes = Buffer.alloc(length * 8)
  for (let i = 0; i < length; i++) bytes.writeDoubleLE(values[i] as number, i * 8)
  high.varint(length)
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
