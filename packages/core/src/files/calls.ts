import fs, { type Stats } from 'node:fs'
import { promisify } from 'node:util'

/*
 * The calls of `node:fs/promises` that we need, made of the callback forms. A thread is ended with its process, whatever it does at that
 * moment. A call of `node:fs/promises` that begins just then fails an assertion in Node (`node_file.cc`, seen in Node 20), and
 * the application's process ends by SIGABRT. The callback forms have no such assertion.
 */

export const lstat = promisify(fs.lstat)
export const opendir = promisify(fs.opendir)
export const rename = promisify(fs.rename)
export const unlink = promisify(fs.unlink)

const calls = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  fstat: promisify(fs.fstat),
  fchmod: promisify(fs.fchmod),
  ftruncate: promisify(fs.ftruncate),
  fsync: promisify(fs.fsync),
  fdatasync: promisify(fs.fdatasync),
  read: promisify(fs.read),
  write: promisify(fs.write),
}

/** An open file. Close it: nothing else does. */
export class FileHandle implements AsyncDisposable {
  private closing: Promise<void> | undefined

  private constructor(private readonly fd: number) {}

  static async open(file: string, flags: string | number, mode?: number): Promise<FileHandle> {
    return new FileHandle(await calls.open(file, flags, mode))
  }

  stat(): Promise<Stats> {
    return calls.fstat(this.fd)
  }

  chmod(mode: number): Promise<void> {
    return calls.fchmod(this.fd, mode)
  }

  truncate(bytes: number): Promise<void> {
    return calls.ftruncate(this.fd, bytes)
  }

  sync(): Promise<void> {
    return calls.fsync(this.fd)
  }

  datasync(): Promise<void> {
    return calls.fdatasync(this.fd)
  }

  read(into: Uint8Array, at: number, length: number, position: number): Promise<{ bytesRead: number }> {
    return calls.read(this.fd, into, at, length, position)
  }

  write(from: Uint8Array, at: number, length: number, position: number): Promise<{ bytesWritten: number }> {
    return calls.write(this.fd, from, at, length, position)
  }

  /** A second call waits for the first. */
  close(): Promise<void> {
    return (this.closing ??= calls.close(this.fd))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
