import {
  closeSync,
  FileRefused,
  fstatSync,
  fsync,
  isMissing,
  openFileSync,
  readSync,
} from '../files/index.js'
import { runFile } from '../rundir/index.js'
import { frameHeaderBytes, headBytes, magic, maxFileBytes } from './format.js'
import { findFrame, frameAt, type FramePlace, maxFrameBytes } from './frame-scan.js'
import type { HopTable } from './hop-table.js'
import { listLogFiles, logFileName } from '../rundir/run-dir.js'
import { UnwrittenBytes } from './unwritten.js'

/** A position in a run's log: before the byte `offset` of the file `file`. File 0 is before the first one. */
export interface LogPosition {
  readonly file: number
  readonly offset: number
}

export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.file - b.file || a.offset - b.offset
}

export interface LogTailOptions {
  /** Where to continue reading; the table has everything before. @default the beginning */
  readonly from?: LogPosition
  /** The table already has the entries up to here, for the hops that it was restored with. */
  readonly knownThrough?: LogPosition
  /** Positions that the log once reached: a complete log that ends earlier is damaged. @default none */
  readonly reaches?: readonly LogPosition[]
  /** The run has ended: an incomplete end of a file is damage, and not an entry that is still to come. */
  readonly complete?: boolean
}

const chunkBytes = 256 * 1024
/** The bytes that all searches after damage may checksum, see `SearchBudget`. */
const searchBytes = 256 << 20

/**
 * Reads a run's log as it grows, and applies the entries to a table. It tolerates an end that is still being
 * written, and damage anywhere: it continues at the next intact frame and counts what it left out. A file of
 * an impossible size or kind is damage as well. Throws only file system errors. It reads an open file to its
 * end even if the file was deleted.
 */
export class LogTail {
  private readonly runDir: string
  private readonly table: HopTable
  private readonly known: LogPosition
  private readonly complete: boolean
  private readonly reaches: readonly LogPosition[]
  private readonly chunk = Buffer.allocUnsafeSlow(chunkBytes)
  private readonly budget = { bytes: searchBytes }
  private fd: number | undefined
  private file: number
  private offset: number
  private unwritten: UnwrittenBytes | undefined
  /** A later file exists, so this one no longer grows. */
  private last = false
  private skipping = false
  /** The open file has its proper end. */
  private ended = false
  private refused = false
  private finished = false

  constructor(runDir: string, table: HopTable, options: LogTailOptions = {}) {
    this.runDir = runDir
    this.table = table
    this.known = options.knownThrough ?? { file: 0, offset: 0 }
    this.complete = options.complete ?? false
    this.reaches = options.reaches ?? []
    this.file = options.from?.file ?? 0
    this.offset = options.from?.offset ?? 0
    if (this.file > 0) table.newFile(this.file)
  }

  /** Everything before it is applied. Always between two frames. */
  get position(): LogPosition {
    return { file: this.file, offset: this.offset }
  }

  /**
   * Applies about `maxBytes` more, not beyond `until`. Returns the number of bytes read; 0 if there is
   * nothing more to read now.
   */
  poll(maxBytes: number, until?: LogPosition): number {
    let total = 0
    while (total < maxBytes) {
      if (until !== undefined && comparePositions(this.position, until) >= 0) break
      const step = this.step(until)
      if (step > 0) total += step
      else if (!this.advance()) break
    }
    return total
  }

  /** When it resolves, the current content of the open file survives the end of the machine. */
  sync(): Promise<void> {
    const { fd } = this
    return new Promise((resolve, reject) => {
      if (fd === undefined) resolve()
      else fsync(fd, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  close(): void {
    if (this.fd === undefined) return
    closeSync(this.fd)
    this.fd = undefined
  }

  private step(until: LogPosition | undefined): number {
    if (this.fd === undefined && !this.open()) return 0
    const limit = until?.file === this.file ? Math.min(chunkBytes, until.offset - this.offset) : chunkBytes
    const end = readSync(this.fd as number, this.chunk, 0, limit, this.offset)
    const used = this.consume(end, end < limit || (limit < chunkBytes && end === limit))
    this.offset += used
    return used
  }

  /** Applies the frames in the first `end` bytes of the chunk and returns how many bytes are finished. */
  private consume(end: number, atEnd: boolean): number {
    const { chunk, table, offset } = this
    const final = atEnd && (this.complete || this.last)
    let at = 0
    if (offset === 0) {
      if (end < headBytes) return final ? this.damagedEnd(end) : 0
      this.unwritten ??= new UnwrittenBytes(chunk.subarray(magic.length, headBytes))
      if (!chunk.subarray(0, magic.length).equals(magic)) table.damaged()
      at = headBytes
    }
    const { unwritten } = this
    if (unwritten === undefined) return this.damagedEnd(end)
    const place: FramePlace = { seed: unwritten.seed, offset }
    while (at < end) {
      const length = frameAt(chunk, at, end, place)
      if (length > 0) {
        this.skipping = false
        this.ended = false
        table.apply(chunk, at + frameHeaderBytes, at + length, this.isKnown(offset + at + length))
        at += length
        continue
      }
      // The bytes after the frame may not be in the chunk yet, so start again from the frame.
      if (!atEnd && at > 0 && end - at < chunkBytes / 2 && !this.skipping) return at
      const writtenTo = atEnd ? unwritten.writtenTo(chunk, at, end, offset) : end
      if (atEnd && writtenTo === at) {
        this.ended = true
        return at
      }
      if (atEnd && !this.skipping && unwritten.isTorn(chunk, at, writtenTo, offset, final)) {
        // The writer is writing it now, or was killed before it released any call or response that the entry
        // describes.
        this.ended = final
        return final ? end : at
      }
      if (!this.skipping) table.damaged()
      this.skipping = true
      const next = findFrame(chunk, at, end, place, this.budget)
      if (next !== -1) at = next
      else if (!atEnd) return Math.max(at + 1, end - maxFrameBytes)
      else {
        this.ended = true
        return final ? end : writtenTo
      }
    }
    return at === 0 && final ? this.damagedEnd(0) : at
  }

  /** The file has ended without saying so and without unwritten bytes: its end is missing. */
  private damagedEnd(end: number): number {
    if (!this.ended && !this.skipping && !this.table.closedFile) this.table.damaged()
    this.ended = true
    return end
  }

  private isKnown(offset: number): boolean {
    return this.file < this.known.file || (this.file === this.known.file && offset <= this.known.offset)
  }

  private open(): boolean {
    if (this.file === 0 || this.refused) return false
    try {
      this.fd = openFileSync(runFile(this.runDir, logFileName(this.file)), 'read', { maxBytes: maxFileBytes })
      return true
    } catch (error) {
      if (error instanceof FileRefused) {
        this.table.damaged()
        this.refused = true
      } else if (!isMissing(error)) throw error
      return false
    }
  }

  /** This file has no more entries: moves to the next, if there is one and this one is read to its end. */
  private advance(): boolean {
    if (!this.last) {
      this.last = listLogFiles(this.runDir).some((file) => file > this.file)
      if (this.last && this.fd !== undefined) return true
    }
    if (!this.last) {
      this.finish()
      return false
    }
    const next = listLogFiles(this.runDir).find((file) => file > this.file)
    this.last = false
    if (next === undefined) return false
    const missing = this.file > 0 && this.fd === undefined && !this.refused
    if (next > this.file + 1 || missing) this.table.damaged()
    this.close()
    const before = this.file === 0 ? undefined : this.position
    this.file = next
    this.offset = 0
    this.skipping = false
    this.ended = false
    this.refused = false
    this.unwritten = undefined
    this.table.newFile(next, before)
    return true
  }

  private finish(): void {
    if (!this.complete || this.finished) return
    this.finished = true
    const short = this.reaches.some((reached) => comparePositions(this.position, reached) < 0)
    // The next file of the log is missing, or an older copy of it is in its place.
    if (this.table.rotated || short) this.table.damaged()
    const millis = this.fd === undefined ? Date.now() : Math.ceil(fstatSync(this.fd).mtimeMs)
    this.table.finish(BigInt(millis) * 1_000_000n)
  }
}
