import { maxFileTexts } from './format.js'

/** The content of an intact frame is not what a writer writes. Caught where frames are applied. */
export class MalformedEntry extends Error {}

const malformed = new MalformedEntry('malformed entry')

/** Reads the fields of a frame's entries. Every length is checked against the end of the frame. */
export class ByteReader {
  bytes: Buffer = Buffer.alloc(0)
  private view = viewOf(this.bytes)
  private end = 0
  /** The defined texts of the current file, by number. */
  texts: (string | undefined)[] = []
  at = 0
  /** References to texts whose definition was lost. */
  unknownTexts = 0

  /** @param texts What is known of the file already. */
  newFile(texts: (string | undefined)[] = []): void {
    this.texts = texts
  }

  frame(bytes: Buffer, start: number, end: number): void {
    if (bytes !== this.bytes) this.view = viewOf(bytes)
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  get more(): boolean {
    return this.at < this.end
  }

  byte(): number {
    if (this.at >= this.end) throw malformed
    return this.bytes[this.at++] as number
  }

  varint(): number {
    let byte = this.byte()
    if (byte < 128) return byte
    let value = byte & 127
    let scale = 128
    do {
      byte = this.byte()
      value += (byte & 127) * scale
      scale *= 128
      if (value > Number.MAX_SAFE_INTEGER) throw malformed
    } while (byte > 127)
    return value
  }

  nanos(): bigint {
    return this.nanosAt(this.skip(8))
  }

  /** Those at a place that was passed. */
  nanosAt(at: number): bigint {
    return this.view.getBigUint64(at)
  }

  float(): number {
    return this.view.getFloat64(this.skip(8))
  }

  uint32(): number {
    return this.view.getUint32(this.skip(4))
  }

  hex(digits: number): string {
    const from = this.skip(digits >> 1)
    return this.bytes.toString('hex', from, this.at)
  }

  text(maxBytes: number): string {
    const from = this.passText(maxBytes)
    return this.bytes.toString('utf8', from, this.at)
  }

  /** Passes over a text and returns where it begins. */
  passText(maxBytes: number): number {
    const length = this.varint()
    if (length > maxBytes) throw malformed
    return this.skip(length)
  }

  /** Null for null and for a text with a lost definition; the latter is counted. */
  reference(maxBytes: number): string | null {
    const reference = this.varint()
    if (reference === 0) return null
    if (reference === 1) return this.text(maxBytes)
    if (reference === 2) {
      const number = this.varint()
      const text = this.text(maxBytes)
      if (number >= maxFileTexts) throw malformed
      this.texts[number] = text
      return text
    }
    const text = this.texts[reference - 3]
    if (text === undefined) this.unknownTexts++
    return text ?? null
  }

  /** Passes over a reference; false for a text with a lost definition. */
  passReference(maxBytes: number): boolean {
    const from = this.at
    const reference = this.varint()
    if (reference === 1) this.passText(maxBytes)
    else if (reference === 2) {
      this.at = from
      this.reference(maxBytes)
    }
    return reference < 3 || this.texts[reference - 3] !== undefined
  }

  /** Passes over bytes and returns where they begin. */
  skip(count: number): number {
    const from = this.at
    if (from + count > this.end) throw malformed
    this.at = from + count
    return from
  }
}

/** Buffer's own methods make several BigInts for each one that they read. */
const viewOf = ({ buffer, byteOffset, length }: Buffer): DataView => new DataView(buffer, byteOffset, length)
