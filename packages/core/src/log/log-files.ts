import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { errorCode } from '../files/index.js'
import { listLogFiles, logFilePath } from './run-dir.js'

const refreshMillis = 200

/** The files that a log is written to: one open, the others waiting to be shipped and deleted. */
export class LogFiles {
  private runDir: string
  private fd: number | undefined
  private number = 0
  private size = 0
  private closed: { readonly path: string; readonly bytes: number }[] = []
  private closedBytes = 0
  private refreshedAt = 0

  constructor(runDir: string) {
    this.runDir = runDir
  }

  get isOpen(): boolean {
    return this.fd !== undefined
  }

  /** Bytes in the open file. */
  get fileBytes(): number {
    return this.size
  }

  /** Bytes in all files that were not deleted when last looked. */
  get undeletedBytes(): number {
    return this.closedBytes + this.size
  }

  /**
   * Later files go to another directory. Those that are there go along: whoever owns the former directory may have read them
   * before their last entries were written. A reader takes one that is missing for damage, as numbers go on.
   */
  relocate(runDir: string): void {
    this.close()
    quietly(() => {
      mkdirSync(runDir, { recursive: true })
      for (const file of listLogFiles(this.runDir))
        quietly(() => linkSync(logFilePath(this.runDir, file), logFilePath(runDir, file)))
    })
    this.closed = this.closed.map(({ path, bytes }) => ({ path: join(runDir, basename(path)), bytes }))
    this.runDir = runDir
  }

  /** Creates the next file, and the directory when it is missing. Throws what the file system throws. */
  openNext(head: Uint8Array): void {
    mkdirSync(this.runDir, { recursive: true })
    let number = Math.max(this.number, listLogFiles(this.runDir).at(-1) ?? 0) + 1
    let fd: number | undefined
    for (let tries = 0; fd === undefined; tries++, number++) {
      try {
        fd = openSync(logFilePath(this.runDir, number), 'ax', 0o640)
        this.number = number
      } catch (error) {
        if (errorCode(error) !== 'EEXIST' || tries >= 100) throw error
      }
    }
    try {
      if (writeSync(fd, head) !== head.length) throw new Error('ENOSPC')
    } catch (error) {
      quietly(() => closeSync(fd))
      quietly(() => unlinkSync(logFilePath(this.runDir, this.number)))
      throw error
    }
    this.close()
    this.fd = fd
    this.size = head.length
  }

  /** One write. Throws when not all of it was taken; the file then ends after the last whole frame, or is given up. */
  append(bytes: Buffer, length: number): void {
    if (this.fd === undefined) throw new Error('no log file')
    let written = 0
    try {
      written = writeSync(this.fd, bytes, 0, length)
      if (written === length) {
        this.size += length
        return
      }
    } catch (error) {
      this.close()
      throw error
    }
    const { fd, size } = this
    quietly(() => ftruncateSync(fd, size))
    this.close()
    throw new Error('ENOSPC')
  }

  /** Was the open file deleted under us? */
  vanished(): boolean {
    if (this.fd === undefined) return false
    try {
      return fstatSync(this.fd).nlink === 0
    } catch {
      return true
    }
  }

  /** Looks again which of the closed files still exist, not more often than a few times a second. */
  refresh(nowMillis: number): void {
    if (nowMillis - this.refreshedAt < refreshMillis && nowMillis >= this.refreshedAt) return
    this.refreshedAt = nowMillis
    this.closed = this.closed.filter(({ path }) => existsSync(path))
    this.closedBytes = this.closed.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  close(): void {
    const { fd } = this
    if (fd === undefined) return
    this.fd = undefined
    this.closed.push({ path: logFilePath(this.runDir, this.number), bytes: this.size })
    this.closedBytes += this.size
    this.size = 0
    quietly(() => closeSync(fd))
  }
}

function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // The failure that led here is the one to report.
  }
}
