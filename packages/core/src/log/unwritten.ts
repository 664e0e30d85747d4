import { frameHeaderBytes, stepBytes, sync0, sync1 } from './format.js'
import { fileNonce } from './pattern.js'

/** Writes are taken by the system in pages: a process that is killed in the middle of one leaves whole pages of it. */
const pageBytes = 4096
/** The last bytes of a page may look unwritten by chance. */
const chanceBytes = 4

/** Tells the bytes of a file that nothing was written to from those that were. */
export class UnwrittenBytes {
  readonly seed: number
  private readonly pattern: Buffer

  /** @param nonce The eight bytes in the file's head. */
  constructor(nonce: Uint8Array) {
    const { seed, pattern } = fileNonce(nonce)
    this.seed = seed
    this.pattern = pattern
  }

  /** Up to where `bytes[at, end)`, the end of a file, are written; `at` when none of them are. `offset` is the place of `bytes` in it. */
  writtenTo(bytes: Buffer, at: number, end: number, offset: number): number {
    let to = end
    while (to > at) {
      const place = (offset + to - 1) % stepBytes
      const from = Math.max(at, to - place - 1)
      const start = place + 1 - (to - from)
      if (bytes.compare(this.pattern, start, place + 1, from, to) === 0) {
        to = from
        continue
      }
      while (to > from && bytes[to - 1] === this.pattern[(offset + to - 1) % stepBytes]) to--
      break
    }
    return to
  }

  /** Is what is written from `at` on a part of one frame? `final`: its writer is gone, so that whole pages of it are there. */
  isTorn(bytes: Buffer, at: number, writtenTo: number, offset: number, final: boolean): boolean {
    const written = writtenTo - at
    if (bytes[at] !== sync0 || (written > 1 && bytes[at + 1] !== sync1)) return false
    const length = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)
    if (written >= 4 && written >= frameHeaderBytes + length) return false
    if (!final) return true
    const intoPage = (offset + writtenTo) % pageBytes
    return intoPage === 0 || pageBytes - intoPage <= chanceBytes
  }
}
