import { frameHeaderBytes, stepBytes, sync0, sync1 } from './format.js'
import { fileNonce } from './pattern.js'

/** The system writes in pages: if a process is killed in the middle of a write, whole pages of it remain. */
const pageBytes = 4096
/** The last bytes of a page may look unwritten by chance. */
const chanceBytes = 4

/** Distinguishes unwritten bytes of a file from written ones. */
export class UnwrittenBytes {
  readonly seed: number
  private readonly pattern: Buffer

  /** @param nonce The eight bytes in the file's head. */
  constructor(nonce: Uint8Array) {
    const { seed, pattern } = fileNonce(nonce)
    this.seed = seed
    this.pattern = pattern
  }

  /**
   * The end of the written part of `bytes[at, end)`, the end of a file; `at` if nothing is written. `offset`:
   * its place in the file.
   */
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

  /**
   * Whether the written bytes from `at` on are part of one frame. `final`: the writer is gone, so they are
   * whole pages.
   */
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
