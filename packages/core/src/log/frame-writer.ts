import type { Ownership } from './ownership.js'
import type { RunInfo } from '../rundir/run-info.js'
import type { Diagnostics } from '../base/diagnostics.js'
import { isStoreLocked } from '../base/errors.js'
import { EntryBuffer } from './entry-buffer.js'
import { PendingDrops } from './drops.js'
import { headerBytes, internEpochBytes, kind, textBytes } from './format.js'
import { LogFiles } from './log-files.js'
import { errorCode } from '../files/index.js'
import { encodeRunInfo } from '../rundir/run-dir.js'

const retryMillis = 1000
/** A writer that did not turn for so long may have been taken for dead. Marks come more often. */
const pauseMillis = 2000

export interface FrameWriterOptions {
  readonly runDir: string
  readonly run: () => RunInfo
  readonly maxFileBytes: number
  readonly maxLogBytes: number
  readonly diagnostics: Diagnostics
  readonly ownership: Ownership | undefined
  readonly sign: (header: string) => string
}

/**
 * Puts frames into files: makes the first file when it is needed, rotates, and survives a file system that refuses.
 * After a refusal it tries a new file about once a second; one line says that it stopped, one that it goes on.
 */
export class FrameWriter {
  readonly out = new EntryBuffer()
  readonly drops = new PendingDrops()
  errors = 0
  bytes = 0
  /** The first number that the next file may open a hop with. */
  nextNumber = 1

  private readonly options: FrameWriterOptions
  private readonly files: LogFiles
  private runDir: string
  private started = false
  private broken = false
  private ended = false
  private retryAt = 0
  private turnedAt = 0
  private moving = false
  private epochEnd = 0

  constructor(options: FrameWriterOptions) {
    this.options = options
    const { runDir, ownership } = options
    this.runDir = runDir
    this.files = new LogFiles(runDir, ownership && ((dir) => ownership.claim(dir)))
  }

  /** Has any file been written? */
  get hasFiles(): boolean {
    return this.started
  }

  /** Is there a file to write to? Makes one when there is none. */
  ready(): boolean {
    if (this.ended) return false
    if (this.files.isOpen) return true
    if (this.broken && Date.now() < this.retryAt) return false
    return this.nextFile()
  }

  /** The next attempt is not put off: this process is about to end. */
  hurry(): void {
    this.retryAt = 0
  }

  /** Do the files that are not deleted take less than this share of their limit? */
  within(share: number): boolean {
    const limit = this.options.maxLogBytes * share
    if (this.files.undeletedBytes < limit) return true
    this.files.refresh(Date.now())
    return this.files.undeletedBytes < limit
  }

  /** Writes the frame. When that fails the frame is gone and so is the file; false. */
  write(): boolean {
    if (!this.append()) return false
    const { files, out } = this
    if (files.fileBytes >= this.options.maxFileBytes && Date.now() >= this.retryAt) this.nextFile()
    if (files.fileBytes >= this.epochEnd) {
      this.epochEnd = files.fileBytes + internEpochBytes
      out.newEpoch()
    }
    if (this.drops.range !== undefined && this.within(1)) this.writeDrops()
    return true
  }

  /** Puts into the frame what the run says of itself now. `before`: the end of the file before this one, where it begins one. */
  writeHeader(out = this.out, before = { file: 0, offset: 0 }): void {
    out.byte(kind.file)
    out.varint(this.nextNumber)
    out.varint(before.file)
    out.varint(before.offset)
    const text = encodeRunInfo(this.options.run())
    out.text(text, headerBytes)
    out.text(this.options.sign(text), textBytes.mac)
  }

  /** Says in the log which hops could not be kept. */
  writeDrops(): void {
    const { out, drops } = this
    if (!drops.write(out)) return
    if (this.append()) drops.clear()
  }

  /**
   * Was this process stopped for so long that its run may have been taken for dead? Asked behind a write and before it is
   * acknowledged: what was written before a pause was there for whoever read it in the pause.
   */
  pausedLong(): boolean {
    const now = Date.now()
    const paused = Math.abs(now - this.turnedAt) > pauseMillis
    this.turnedAt = now
    return paused
  }

  /** Is the open file in a directory that this process owns? If not, what is in it goes along to where it goes on; true then. */
  checkOwner(): boolean {
    this.turnedAt = Date.now()
    const { files, moving } = this
    const { ownership } = this.options
    if (moving || !files.isOpen || (!files.vanished() && ownership?.held() !== false)) return false
    try {
      ownership?.claim(this.runDir)
    } catch (error) {
      if (!isStoreLocked(error)) this.fail(error)
      else this.moveOn()
      return true
    }
    files.relocate(this.runDir)
    this.nextFile()
    return true
  }

  relocate(runDir: string): void {
    this.runDir = runDir
    this.files.relocate(runDir)
    this.broken = false
    this.retryAt = 0
  }

  /** The last entry of the file says that it is its last. */
  complete(): void {
    this.files.trim()
  }

  end(): void {
    this.ended = true
    this.files.close()
  }

  /** Ends in `relocate`, and with every open hop in a file of the new directory. */
  private moveOn(): void {
    this.moving = true
    try {
      this.options.ownership?.moveOn()
      const where = `it goes on in ${this.runDir}`
      this.options.diagnostics('HOPTRACE_LOG', `another process took this run for dead: ${where}`)
    } finally {
      this.moving = false
    }
  }

  private append(): boolean {
    const { out } = this
    try {
      const length = out.seal(this.files.fileBytes, this.files.seed)
      this.files.append(out.bytes, length)
      this.bytes += length
      return true
    } catch (error) {
      out.newEpoch()
      this.fail(error)
      return false
    } finally {
      out.clear()
    }
  }

  private nextFile(): boolean {
    try {
      const head = new EntryBuffer()
      this.writeHeader(head, this.files.lastEnd)
      this.drops.write(head)
      this.bytes += this.files.openNext(head)
      this.drops.clear()
    } catch (error) {
      if (isStoreLocked(error) && !this.moving) this.moveOn()
      else this.fail(error)
      return this.files.isOpen
    }
    this.turnedAt = Date.now()
    this.out.newFile()
    this.epochEnd = internEpochBytes
    this.started = true
    if (this.broken) this.options.diagnostics('HOPTRACE_LOG', 'the log can be written again')
    this.broken = false
    return true
  }

  private fail(error: unknown): void {
    this.errors++
    this.retryAt = Date.now() + retryMillis
    if (this.broken || this.files.isOpen) return
    this.broken = true
    this.options.diagnostics(
      'HOPTRACE_LOG',
      `the log cannot be written (${errorCode(error)}): requests go untraced`,
    )
  }
}
