import { closeSync, fstatSync, lstatSync, readSync } from 'node:fs'
import { lstat } from 'node:fs/promises'

/** What is done with a file that is open, and questions about names that open nothing. */
export { closeSync, existsSync, fstatSync, fsync, ftruncateSync, readSync } from 'node:fs'

/** Closes what `openFileSync` opened. */
export function closeFileSync(fd: number): void {
  closeSync(fd)
}

/** Bytes of an open file. */
export function sizeOfSync(fd: number): number {
  return fstatSync(fd).size
}

/** The bytes from `offset` to `offset + length`; fewer where the file ends before. */
export function readAtSync(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (let got = 1; got > 0 && at < length; at += got) got = readSync(fd, bytes, at, length - at, offset + at)
  return at === length ? bytes : bytes.subarray(0, at)
}

/** When a file was last written, in milliseconds since the epoch. A link is not followed. Throws what the file system throws. */
export function modifiedMillisSync(file: string): number {
  return lstatSync(file).mtimeMs
}

/** Bytes of a file, and when it was last written, in nanoseconds since the epoch. A link is not followed. */
export interface FileStamp {
  readonly size: bigint
  readonly mtimeNs: bigint
}

/** What is known of a file without opening it. Rejects with what the file system says. */
export async function fileStamp(file: string): Promise<FileStamp> {
  const { size, mtimeNs } = await lstat(file, { bigint: true })
  return { size, mtimeNs }
}
