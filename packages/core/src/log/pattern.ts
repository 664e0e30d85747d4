import { stepBytes } from './format.js'

/** Derived from a file's nonce: the seed of its checksums, and the pattern of its unwritten bytes. */
export interface FileNonce {
  /** Mixed into the checksum of every frame of the file. */
  readonly seed: number
  /** The bytes of an unwritten step. None of them can begin a frame. */
  readonly pattern: Buffer
}

/** Derives both from the eight random bytes in the file's head. */
export function fileNonce(bytes: Uint8Array): FileNonce {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8)
  const low = view.getUint32(0, true)
  const high = view.getUint32(4, true)
  const words = new Uint32Array(stepBytes / 4)
  let state = low ^ Math.imul(high, 0x85ebca6b) || 1
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = (state + high) & 0x7f7f7f7f
  }
  return { seed: (low ^ (high >>> 3)) >>> 0, pattern: Buffer.from(words.buffer) }
}

/**
 * The seed of a frame's checksum: the checksum of a frame that was moved, or put into another file, fails.
 */
export function frameSeed(seed: number, offset: number, length: number): number {
  return (seed ^ Math.imul(offset, 0x9e3779b1) ^ length) >>> 0
}
