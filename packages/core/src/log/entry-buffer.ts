import { crc32 } from 'node:zlib'
import { writeVarint } from '../base/varint.js'
import { hexHalf } from '../id/words.js'
import { frameSeed } from './pattern.js'
import { frameHeaderBytes, maxInterned, maxInternedChars, sync0, sync1 } from './format.js'

/** The frame under construction: one preallocated buffer, written without allocation. */
export class EntryBuffer {
  readonly bytes: Buffer
  private readonly view: DataView
  private readonly interned = new Map<string, number>()
  private nextText = 0
  /** The offset of the next byte. */
  at = frameHeaderBytes

  constructor(capacity = 128 * 1024) {
    this.bytes = Buffer.allocUnsafeSlow(capacity)
    this.view = new DataView(this.bytes.buffer)
  }

  get empty(): boolean {
    return this.at === frameHeaderBytes
  }

  clear(): void {
    this.at = frameHeaderBytes
  }

  /** Call it for a new file: its texts are numbered from 0. */
  newFile(): void {
    this.interned.clear()
    this.nextText = 0
  }

  /**
   * From here on, texts are written inline again, and numbers continue. Also called when a definition may
   * have been lost.
   */
  newEpoch(): void {
    this.interned.clear()
  }

  /**
   * Completes the frame for its offset in a file and returns its length. The bytes stay in place until
   * `clear`.
   * @param seed The seed of the file's nonce.
   */
  seal(offset: number, seed: number): number {
    const { bytes, at } = this
    const length = at - frameHeaderBytes
    bytes[0] = sync0
    bytes[1] = sync1
    this.view.setUint16(2, length, true)
    this.view.setUint32(4, crc32(bytes.subarray(frameHeaderBytes, at), frameSeed(seed, offset, length)), true)
    return at
  }

  byte(value: number): void {
    this.bytes[this.at++] = value
  }

  /** A whole number from 0 to 2^53 - 1; another value is replaced by the nearest of those. */
  varint(value: number): void {
    const whole = value > 0 ? Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER) : 0
    this.at = writeVarint(this.bytes, this.at, whole)
  }

  nanos(value: bigint): void {
    this.view.setBigUint64(this.at, value)
    this.at += 8
  }

  float(value: number): void {
    this.view.setFloat64(this.at, value)
    this.at += 8
  }

  /** `digits` lowercase hex digits as raw bytes. */
  hex(text: string, digits: number): void {
    if (text.length !== digits) throw new RangeError('not an id')
    const { bytes } = this
    let at = this.at
    let all = 0
    for (let i = 0; i < digits; i += 4) {
      const half = hexHalf(text, i)
      all |= half
      bytes[at++] = half >> 8
      bytes[at++] = half
    }
    if (all < 0) throw new RangeError('not an id')
    this.at = at
  }

  /**
   * Length and UTF-8 bytes, at most `maxBytes`, cut between characters. Returns whether the whole text was
   * written.
   */
  text(value: string, maxBytes: number): boolean {
    const { bytes } = this
    const { length } = value
    const start = this.at
    if (length <= 96 && length <= maxBytes) {
      let at = start + 1
      let i = 0
      for (; i < length; i++) {
        const code = value.charCodeAt(i)
        if (code > 127) break
        bytes[at++] = code
      }
      if (i === length) {
        bytes[start] = length
        this.at = at
        return true
      }
    }
    const from = start + 3
    const written = bytes.write(value, from, maxBytes, 'utf8')
    bytes[start] = (written & 127) | 0x80
    bytes[start + 1] = ((written >>> 7) & 127) | 0x80
    bytes[start + 2] = written >>> 14
    this.at = from + written
    return written >= length && (written < maxBytes || Buffer.byteLength(value) <= maxBytes)
  }

  /** A text with few variants: interned if there is room. */
  reference(value: string | null, maxBytes: number): void {
    if (value === null) {
      this.byte(0)
      return
    }
    const known = this.interned.get(value)
    if (known !== undefined) {
      this.varint(known + 3)
    } else if (value.length > maxInternedChars || this.interned.size >= maxInterned) {
      this.byte(1)
      this.text(value, maxBytes)
    } else {
      const number = this.nextText++
      this.interned.set(value, number)
      this.byte(2)
      this.varint(number)
      this.text(value, maxBytes)
    }
  }
}
