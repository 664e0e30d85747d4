import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { frameHeaderBytes, magic } from './format.js'
import { findFrame, frameAt, incomplete, maxFrameBytes } from './frame-scan.js'
import type { HopTable } from './hop-table.js'
import { isMissing } from '../files/index.js'
import { listLogFiles, logFilePath } from './run-dir.js'

/** A place in a run's log: before the byte `offset` of the file `file`. File 0 is before the first one. */
export interface LogPosition {
  readonly file: number
  readonly offset: number
}

export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.file - b.file || a.offset - b.offset
}

export interface LogTailOptions {
  /** Where to go on reading; the table knows what is before. @default the beginning */
  readonly from?: LogPosition
  /** Entries up to here are in the table already, for the hops that it was restored with. */
  readonly knownThrough?: LogPosition
  /** Nobody writes any more: a torn end is damage, and not an entry that is still to come. */
  readonly complete?: boolean
}

const chunkBytes = 256 * 1024

/**
 * Reads a run's log as it grows, and applies what it reads to a table. It tolerates an end that is still being written,
 * and damage anywhere: it goes on at the next intact frame and counts what it left out. Throws only what the file
 * system throws. An open file is read to its end even when it has been deleted.
 */
export class LogTail {
  private readonly runDir: string
  private readonly table: HopTable
  private readonly known: LogPosition
  private readonly complete: boolean
  private readonly chunk = Buffer.allocUnsafeSlow(chunkBytes)
  private fd: number | undefined
  private file: number
  private offset: number
  /** A file after the open one exists, so nothing is added to this one. */
  private last = false
  private skipping = false
  private finished = false

  constructor(runDir: string, table: HopTable, options: LogTailOptions = {}) {
    this.runDir = runDir
    this.table = table
    this.known = options.knownThrough ?? { file: 0, offset: 0 }
    this.complete = options.complete ?? false
    this.file = options.from?.file ?? 0
    this.offset = options.from?.offset ?? 0
    if (this.file > 0) table.newFile(this.file)
  }

  /** Everything before is applied. Always between two frames. */
  get position(): LogPosition {
    return { file: this.file, offset: this.offset }
  }

  /**
   * Applies about `maxBytes` more, not beyond `until`. Returns the number of bytes read over; 0 when there is nothing
   * more to read now.
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

  close(): void {
    if (this.fd === undefined) return
    closeSync(this.fd)
    this.fd = undefined
  }

  private step(until: LogPosition | undefined): number {
    if (this.fd === undefined && !this.open()) return 0
    const limit = until?.file === this.file ? Math.min(chunkBytes, until.offset - this.offset) : chunkBytes
    const end = readSync(this.fd as number, this.chunk, 0, limit, this.offset)
    if (end === 0) return 0
    const used = this.consume(end, end < chunkBytes)
    this.offset += used
    return used
  }

  /** Applies the frames in the first `end` bytes of the chunk and returns how many bytes are done with. */
  private consume(end: number, atEnd: boolean): number {
    const { chunk, table } = this
    const final = atEnd && (this.complete || this.last)
    let at = 0
    if (this.offset === 0 && !this.skipping) {
      if (end < magic.length && !final) return 0
      const head = chunk.subarray(0, Math.min(end, magic.length))
      if (head.equals(magic)) at = magic.length
    }
    while (at < end) {
      const length = frameAt(chunk, at, end)
      if (length > 0) {
        this.skipping = false
        table.apply(chunk, at + frameHeaderBytes, at + length, this.isKnown(this.offset + at + length))
        at += length
        continue
      }
      if (length === incomplete && !final && !this.skipping && end - at < maxFrameBytes) return at
      const next = findFrame(chunk, at, end)
      if (next === -1 && atEnd && !final) return at
      if (!this.skipping) table.damaged()
      this.skipping = true
      if (next !== -1) at = next
      else return final ? end : Math.max(at + 1, end - maxFrameBytes)
    }
    return at
  }

  private isKnown(offset: number): boolean {
    return this.file < this.known.file || (this.file === this.known.file && offset <= this.known.offset)
  }

  private open(): boolean {
    if (this.file === 0) return false
    try {
      this.fd = openSync(logFilePath(this.runDir, this.file), 'r')
      return true
    } catch (error) {
      if (!isMissing(error)) throw error
      return false
    }
  }

  /** Nothing more in this file: goes on to the next, when there is one and this one is read to its end. */
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
    if (next > this.file + 1 || (this.file > 0 && this.fd === undefined)) this.table.damaged()
    this.close()
    this.file = next
    this.offset = 0
    this.skipping = false
    this.table.newFile(next)
    return true
  }

  private finish(): void {
    if (!this.complete || this.finished) return
    this.finished = true
    const seconds = this.fd === undefined ? 0 : Math.floor(fstatSync(this.fd).mtimeMs / 1000)
    this.table.finish(BigInt(seconds) * 1_000_000_000n)
  }
}
