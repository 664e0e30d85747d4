import { timing } from '../base/timing.js'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  errorCode,
  existsSync,
  fstatSync,
  ftruncateSync,
  linkNewSync,
  makeDirSync,
  openFileSync,
  readSync,
  writeAllSync,
} from '../files/index.js'
import { deleteRunFile, runFile, runPlace } from '../rundir/index.js'
import { EntryBuffer } from './entry-buffer.js'
import { headBytes, kind, magic, stepBytes } from './format.js'
import { type FileNonce, fileNonce } from './pattern.js'
import { listLogFiles, logFileName, logFilePath } from '../rundir/run-dir.js'

/** The files of a log: one is open, the others wait to be shipped and deleted. */
export class LogFiles {
  private runDir: string
  private readonly claim: (runDir: string) => void
  private fd: number | undefined
  private number = 0
  private next = 0
  private lastSize = 0
  private nonce: FileNonce = { seed: 0, pattern: Buffer.alloc(0) }
  /** Bytes of the open file, written or not. */
  private allocated = 0
  private size = 0
  private closed: { readonly number: number; readonly bytes: number }[] = []
  private closedBytes = 0
  private refreshedAt = 0

  /** @param claim Makes a run's directory before its first file. */
  constructor(runDir: string, claim: (runDir: string) => void = (dir) => makeDirSync(runPlace(dir))) {
    this.runDir = runDir
    this.claim = claim
  }

  get isOpen(): boolean {
    return this.fd !== undefined
  }

  /** Written bytes of the open file: the offset of the next frame. */
  get fileBytes(): number {
    return this.size
  }

  /** The end of the open file, or of the last one. */
  get lastEnd(): { readonly file: number; readonly offset: number } {
    return { file: this.number, offset: this.isOpen ? this.size : this.lastSize }
  }

  /** The seed of the open file's nonce, for the checksums of its frames. */
  get seed(): number {
    return this.nonce.seed
  }

  /** Bytes of all files that existed at the last check. */
  get undeletedBytes(): number {
    return this.closedBytes + this.size
  }

  /**
   * Switches to a new directory and hard-links the existing files into it, because the process that now owns
   * the old directory may have read them too early. If the open file was deleted, its content is copied.
   * Numbering continues, so readers count a missing file as damage.
   */
  relocate(runDir: string): void {
    quietly(() => {
      this.claim(runDir)
      if (runDir !== this.runDir)
        for (const file of listLogFiles(this.runDir)) {
          const name = logFileName(file)
          quietly(() => linkNewSync(runFile(this.runDir, name), runFile(runDir, name)))
        }
      if (this.vanished()) this.copyOpenFile(runDir)
    })
    this.close()
    this.runDir = runDir
  }

  private copyOpenFile(runDir: string): void {
    const { fd } = this
    if (fd === undefined) return
    const copy = openFileSync(runFile(runDir, logFileName(this.number)), 'create')
    try {
      const chunk = Buffer.allocUnsafe(1 << 20)
      for (let at = 0, got = 1; got > 0; at += got) {
        got = readSync(fd, chunk, 0, chunk.length, at)
        writeAllSync(copy, chunk, at, got)
      }
    } finally {
      closeSync(copy)
    }
  }

  /**
   * Makes the next file, and the directory if it is missing, and ends the previous file. Returns the number
   * of written bytes. Throws file system errors.
   */
  openNext(header: EntryBuffer): number {
    this.claim(this.runDir)
    let number = Math.max(this.number, listLogFiles(this.runDir).at(-1) ?? 0) + 1
    let fd: number | undefined
    for (let tries = 0; fd === undefined; tries++, number++) {
      try {
        fd = openFileSync(runFile(this.runDir, logFileName(number)), 'create')
        this.next = number
      } catch (error) {
        if (errorCode(error) !== 'EEXIST' || tries >= 100) throw error
      }
    }
    const random = randomBytes(headBytes - magic.length)
    const nonce = fileNonce(random)
    const length = header.seal(headBytes, nonce.seed)
    const head = Buffer.concat([magic, random, header.bytes.subarray(0, length)])
    const allocated = stepsFor(head.length)
    const rest = Buffer.concat(Array.from({ length: allocated / stepBytes }, () => nonce.pattern))
    head.copy(rest)
    try {
      writeAllSync(fd, rest, 0)
    } catch (error) {
      quietly(() => closeSync(fd))
      quietly(() => deleteRunFile(this.runDir, logFileName(this.next)))
      throw error
    }
    this.rotate()
    Object.assign(this, { fd, nonce, allocated, number: this.next, size: head.length })
    return head.length
  }

  /**
   * One write over unwritten bytes. If it fails, it throws; the file then ends after the last whole frame,
   * and is closed.
   */
  append(bytes: Buffer, length: number): void {
    const { fd, size } = this
    if (fd === undefined) throw new Error('no log file')
    try {
      // Unwritten bytes must follow the last frame: they show that it is the last.
      while (size + length >= this.allocated) this.extend(fd)
      writeAllSync(fd, bytes, size, length)
      this.size += length
    } catch (error) {
      quietly(() => this.restore(fd, size, length))
      this.close()
      throw error
    }
  }

  /** Cuts off unwritten bytes; the last entry says that it is the last. */
  trim(): void {
    const { fd, size } = this
    if (fd !== undefined) quietly(() => ftruncateSync(fd, size))
  }

  private extend(fd: number): void {
    try {
      writeAllSync(fd, this.nonce.pattern, this.allocated)
    } catch (error) {
      quietly(() => ftruncateSync(fd, this.allocated))
      throw error
    }
    this.allocated += stepBytes
  }

  /** Makes bytes unwritten again. */
  private restore(fd: number, from: number, length: number): void {
    for (let at = from; at < Math.min(from + length, this.allocated); at += stepBytes - (at % stepBytes)) {
      const start = at % stepBytes
      writeAllSync(fd, this.nonce.pattern.subarray(start, Math.min(stepBytes, start + length)), at)
    }
  }

  /** There is a next file, so mark the open one as ended. */
  private rotate(): void {
    const { fd } = this
    if (fd === undefined) return
    quietly(() => {
      const entry = new EntryBuffer(64)
      entry.byte(kind.rotated)
      const length = entry.seal(this.size, this.nonce.seed)
      writeAllSync(fd, entry.bytes, this.size, length)
      this.size += length
      ftruncateSync(fd, this.size)
    })
    this.close()
  }

  /** Whether the open file was deleted. */
  vanished(): boolean {
    if (this.fd === undefined) return false
    try {
      return fstatSync(this.fd).nlink === 0
    } catch {
      return true
    }
  }

  /** Checks which of the closed files still exist, at most a few times a second. */
  refresh(nowMillis: number): void {
    if (nowMillis - this.refreshedAt < timing.logFilesMillis && nowMillis >= this.refreshedAt) return
    this.refreshedAt = nowMillis
    this.closed = this.closed.filter(({ number }) => existsSync(logFilePath(this.runDir, number)))
    this.closedBytes = this.closed.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  close(): void {
    const { fd } = this
    if (fd === undefined) return
    this.fd = undefined
    this.closed.push({ number: this.number, bytes: this.size })
    this.closedBytes += this.size
    this.lastSize = this.size
    this.size = 0
    quietly(() => closeSync(fd))
  }
}

function stepsFor(bytes: number): number {
  return Math.ceil((bytes + 1) / stepBytes) * stepBytes
}

function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // Report the failure that led here, not this one.
  }
}
