import { protocolError } from '../errors.js'

/**
 * Cuts a byte stream into frames: a 32-bit big-endian length, then that many bytes. Holds only received
 * bytes, at most one frame of `maxFrameBytes`. Throws `PROTOCOL` at the first impossible length.
 */
export class FrameReader {
  readonly #maxFrameBytes: number
  #chunks: Buffer[] = []
  #received = 0
  #needed = 4

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /**
   * Takes bytes from the socket and passes every complete frame on; a frame within one chunk is a view of it.
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    this.#chunks.push(chunk)
    this.#received += chunk.length
    while (this.#received >= this.#needed) {
      const bytes = this.#join()
      const length = bytes.readUInt32BE(0)
      if (length === 0 || length > this.#maxFrameBytes) throw this.#badLength(bytes, length)
      this.#needed = 4 + length
      if (bytes.length < this.#needed) break
      const rest = bytes.subarray(this.#needed)
      this.#chunks = rest.length > 0 ? [rest] : []
      this.#received = rest.length
      const frame = bytes.subarray(4, this.#needed)
      this.#needed = 4
      onFrame(frame)
    }
  }

  #join(): Buffer {
    const [first] = this.#chunks
    if (first && this.#chunks.length === 1) return first
    const joined = Buffer.concat(this.#chunks, this.#received)
    this.#chunks = [joined]
    return joined
  }

  #badLength(bytes: Buffer, length: number): Error {
    const start = bytes.subarray(0, 40).toString('latin1')
    if (/^[\x20-\x7e\r\n]{4}/.test(start)) {
      const text = start.replace(/[^\x20-\x7e]+/g, ' ').trim()
      return protocolError(`this is not an HBase RPC port, it answered "${text}"`)
    }
    return protocolError(
      `a response of ${length} bytes is above maxResponseBytes (${this.#maxFrameBytes}): a row may be larger than that; otherwise this is not an HBase RPC port`,
    )
  }
}
