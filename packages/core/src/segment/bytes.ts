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
  #view: DataView | undefined

  /** Reads from `at` up to `end`. */
  constructor(
    readonly bytes: Buffer,
    public at = 0,
    private readonly end = bytes.length,
  ) {}

  /** All of `bytes`. */
  get view(): DataView {
    return (this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length))
  }

  get left(): number {
    return this.end - this.at
  }

  byte(): number {
    if (this.at >= this.end) throw badSegment('it ends too early')
    return this.bytes[this.at++] as number
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

  /** Passes over `count` bytes, and gives the place where they begin. */
  pass(count: number): number {
    if (count > this.left) throw badSegment('it ends too early')
    const start = this.at
    this.at += count
    return start
  }

  /** Passes over `count` varints, and gives the place where they begin. */
  passVarints(count: number): number {
    const start = this.at
    if (count > this.left) throw badSegment('it ends too early')
    this.at = afterVarints(this.view, start, count)
    if (this.at > this.end) throw badSegment('it ends too early')
    return start
  }

  /** The next `count` bytes, not copied. */
  take(count: number): Buffer {
    const start = this.pass(count)
    return this.bytes.subarray(start, this.at)
  }
}

/** Where `count` varints from `at` on end; beyond the end of the bytes if they do not. */
export function afterVarints(bytes: DataView, at: number, count: number): number {
  const end = bytes.byteLength
  let next = at
  let left = count
  // Four bytes at once: those without bit 7 end a varint.
  for (; left >= 4 && next + 4 <= end; next += 4)
    left -= Math.imul((~bytes.getUint32(next) >>> 7) & 0x01010101, 0x01010101) >>> 24
  while (left > 0) {
    if (next >= end) return end + 1
    if (bytes.getUint8(next++) < 128) left--
  }
  return next
}

/** The `bits` (0-48) low bits that `ByteWriter.packed` wrote from the bit `bit` after the byte `from` on. */
export function packedAt(bytes: Uint8Array, from: number, bit: number, bits: number): number {
  return bits <= 24
    ? fewBits(bytes, from, bit, bits)
    : fewBits(bytes, from, bit, 24) + fewBits(bytes, from, bit + 24, bits - 24) * 16_777_216
}

function fewBits(bytes: Uint8Array, from: number, bit: number, bits: number): number {
  const at = from + (bit >>> 3)
  // Bytes beyond the end count as zeros, and their bits are not wanted.
  const four =
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  return (four >>> (bit & 7)) & ((1 << bits) - 1)
}
