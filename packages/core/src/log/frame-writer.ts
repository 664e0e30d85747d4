import { timing } from '../base/timing.js'
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
 * Writes frames to files: makes the first file when needed, rotates, and survives a file system that refuses.
 * After a refusal it tries a new file about once a second. It warns once when it stops, and once when it
 * works again.
 */
export class FrameWriter {
  readonly out = new EntryBuffer()
  readonly drops = new PendingDrops()
  errors = 0
  bytes = 0
  /** The first local number that the next file may assign. */
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

  /** Whether any file has been written. */
  get hasFiles(): boolean {
    return this.started
  }

  /** Whether there is a file to write to. Makes one if there is none. */
  ready(): boolean {
    if (this.ended) return false
    if (this.files.isOpen) return true
    if (this.broken && Date.now() < this.retryAt) return false
    return this.nextFile()
  }

  /** Do not delay the next attempt, because this process is about to end. */
  hurry(): void {
    this.retryAt = 0
  }

  /** Whether the undeleted files take less than this share of their limit. */
  within(share: number): boolean {
    const limit = this.options.maxLogBytes * share
    if (this.files.undeletedBytes < limit) return true
    this.files.refresh(Date.now())
    return this.files.undeletedBytes < limit
  }

  /** Writes the frame. Returns false on failure; then the frame is gone and so is the file. */
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

  /**
   * Adds a header with the current description of the run. `before`: the end of the previous file, at the
   * start of a file.
   */
  writeHeader(out = this.out, before = { file: 0, offset: 0 }): void {
    out.byte(kind.file)
    out.varint(this.nextNumber)
    out.varint(before.file)
    out.varint(before.offset)
    const text = encodeRunInfo(this.options.run())
    out.text(text, headerBytes)
    out.text(this.options.sign(text), textBytes.mac)
  }

  /** Logs the range of the dropped hops. */
  writeDrops(): void {
    const { out, drops } = this
    if (!drops.write(out)) return
    if (this.append()) drops.clear()
  }

  /**
   * Whether this process was paused long enough for another process to consider its run dead. Asked after a
   * write and before its acknowledgement: an entry written before a pause was visible to a process that read
   * the log in the pause.
   */
  pausedLong(): boolean {
    const now = Date.now()
    const paused = Math.abs(now - this.turnedAt) > timing.writerPauseMillis
    this.turnedAt = now
    return paused
  }

  /**
   * Checks that this process owns the directory of the open file. If not, moves its content to the new place
   * and returns true.
   */
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

  /** Marks the last entry of the file as the end. */
  complete(): void {
    this.files.trim()
  }

  end(): void {
    this.ended = true
    this.files.close()
    this.drops.close()
  }

  /** Calls `relocate` through the owner; afterwards every open hop is in a file of the new directory. */
  private moveOn(): void {
    this.moving = true
    try {
      this.options.ownership?.moveOn()
      const where = `this run continues in ${this.runDir}`
      this.options.diagnostics(
        'HOPTRACE_LOG',
        `another process considered this run dead and ships its directory: ${where}`,
      )
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
      this.drops.keepIn(this.runDir)
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
    this.retryAt = Date.now() + timing.logRetryMillis
    if (this.broken || this.files.isOpen) return
    this.broken = true
    this.options.diagnostics(
      'HOPTRACE_LOG',
      `the log cannot be written (${errorCode(error)}): requests are not traced`,
    )
  }
}
