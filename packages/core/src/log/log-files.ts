import { closeSync, existsSync, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs'
import { errorCode, linkNewSync, makeDirSync, openFileSync, writeAllSync } from '../files/index.js'
import { deleteRunFile, runFile, runPlace } from '../rundir/index.js'
import { listLogFiles, logFileName, logFilePath } from './run-dir.js'

const refreshMillis = 200

/** The files that a log is written to: one open, the others waiting to be shipped and deleted. */
export class LogFiles {
  private runDir: string
  private readonly claim: (runDir: string) => void
  private fd: number | undefined
  private number = 0
  private size = 0
  private closed: { readonly number: number; readonly bytes: number }[] = []
  private closedBytes = 0
  private refreshedAt = 0

  /** @param claim Makes a run's directory before the first file in it. */
  constructor(runDir: string, claim: (runDir: string) => void = (dir) => makeDirSync(runPlace(dir))) {
    this.runDir = runDir
    this.claim = claim
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
   * Later files go to another directory, or to one of the same name that is made anew. Those that are there go along, and the open
   * one also when it was deleted: whoever owned the former directory may have read it before its last entries were written.
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
        writeAllSync(copy, chunk.subarray(0, got), at)
      }
    } finally {
      closeSync(copy)
    }
  }

  /** Creates the next file, and the directory when it is missing. Throws what the file system throws. */
  openNext(head: Uint8Array): void {
    this.claim(this.runDir)
    let number = Math.max(this.number, listLogFiles(this.runDir).at(-1) ?? 0) + 1
    let fd: number | undefined
    for (let tries = 0; fd === undefined; tries++, number++) {
      try {
        fd = openFileSync(runFile(this.runDir, logFileName(number)), 'create')
        this.number = number
      } catch (error) {
        if (errorCode(error) !== 'EEXIST' || tries >= 100) throw error
      }
    }
    try {
      writeAllSync(fd, head, 0)
    } catch (error) {
      quietly(() => closeSync(fd))
      quietly(() => deleteRunFile(this.runDir, logFileName(this.number)))
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
      written = writeSync(this.fd, bytes, 0, length, this.size)
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
    this.closed = this.closed.filter(({ number }) => existsSync(logFilePath(this.runDir, number)))
    this.closedBytes = this.closed.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  close(): void {
    const { fd } = this
    if (fd === undefined) return
    this.fd = undefined
    this.closed.push({ number: this.number, bytes: this.size })
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
