import { writeVarint } from '../base/varint.js'
import { badSegment } from '../record/damage.js'

/** A growing buffer. */
export class ByteWriter {
  #bytes: Buffer
  #length = 0

  constructor(capacity = 4096) {
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }

  byte(value: number): void {
    this.reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** A safe non-negative integer. */
  varint(value: number): void {
    this.reserve(8)
    this.#length = writeVarint(this.#bytes, this.#length, value)
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** Writes `count` low bits of each value, lowest bit first, and fills up the last byte. `bits` is 1-48. */
  packed(values: Float64Array, count: number, bits: number): void {
    this.reserve(Math.ceil((count * bits) / 8) + 8)
    const bytes = this.#bytes
    let at = this.#length
    let held = 0
    let heldBits = 0
    const low = Math.min(bits, 24)
    const mask = 2 ** low
    for (let i = 0; i < count; i++) {
      const value = values[i] as number
      const above = Math.floor(value / mask)
      held |= (value - above * mask) << heldBits
      heldBits += low
      while (heldBits >= 8) {
        bytes[at++] = held
        held >>>= 8
        heldBits -= 8
      }
      if (bits > 24) {
        held |= (above % 2 ** (bits - 24)) << heldBits
        heldBits += bits - 24
        while (heldBits >= 8) {
          bytes[at++] = held
          held >>>= 8
          heldBits -= 8
        }
      }
    }
    if (heldBits > 0) bytes[at++] = held
    this.#length = at
  }

  /** Empties it, and keeps its memory. */
  clear(): void {
    this.#length = 0
  }

  /** What was written; valid until the next write. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }
}

/** Reads what a `ByteWriter` wrote; everything beyond the end is a `HOPTRACE_BAD_SEGMENT`. */
export class ByteReader {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.bytes.length - this.at
  }

  byte(): number {
    const value = this.bytes[this.at]
    if (value === undefined) throw badSegment('it ends too early')
    this.at++
    return value
  }

  /** A safe integer, at most `max`. */
  varint(max = Number.MAX_SAFE_INTEGER): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (value > max) throw badSegment('a number is out of bounds')
      if (byte < 128) return value
      scale *= 128
      if (scale > 2 ** 53) throw badSegment('a number is too long')
    }
  }

  /** The next `count` bytes, not copied. */
  take(count: number): Buffer {
    if (count > this.left) throw badSegment('it ends too early')
    const taken = this.bytes.subarray(this.at, this.at + count)
    this.at += count
    return taken
  }
}

/**
 * Adds the low bits that `ByteWriter.packed` wrote: `into[i] = into[i] * 2 ** bits + low`. `bytes` holds at
 * least `count * bits` bits.
 */
export function addPacked(bytes: Uint8Array, into: Float64Array, bits: number): void {
  const scale = 2 ** bits
  const low = Math.min(bits, 24)
  let at = 0
  let held = 0
  let heldBits = 0
  const take = (wanted: number): number => {
    while (heldBits < wanted) {
      held |= (bytes[at++] ?? 0) << heldBits
      heldBits += 8
    }
    const value = held & ((1 << wanted) - 1)
    held >>>= wanted
    heldBits -= wanted
    return value
  }
  for (let i = 0; i < into.length; i++) {
    let value = take(low)
    if (bits > 24) value += take(bits - 24) * 16_777_216
    into[i] = (into[i] as number) * scale + value
  }
}
