import { type BigIntStats, closeSync, fstatSync, lstatSync, readSync } from 'node:fs'
import { lstat } from './calls.js'

/** Operations on open files, and questions about names that open nothing. */
export { closeSync, existsSync, fstatSync, fsync, ftruncateSync, readSync } from 'node:fs'

/** Closes a file that `openFileSync` opened. */
export function closeFileSync(fd: number): void {
  closeSync(fd)
}

/** Bytes of an open file. */
export function sizeOfSync(fd: number): number {
  return fstatSync(fd).size
}

/** The bytes from `offset` to `offset + length`; fewer if the file ends earlier. */
export function readAtSync(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (let got = 1; got > 0 && at < length; at += got) got = readSync(fd, bytes, at, length - at, offset + at)
  return at === length ? bytes : bytes.subarray(0, at)
}

/**
 * The time of a file's last write, in milliseconds since the epoch. Follows no link. Throws file system
 * errors.
 */
export function modifiedMillisSync(file: string): number {
  return lstatSync(file).mtimeMs
}

/** Whether something has that name, be it a link that leads nowhere. Throws other file system errors. */
export function isThereSync(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined
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

/** Changes with whatever is done to a file, also when it is replaced by another of that name. A link is not followed. */
export function stampSync(file: string): string {
  return stampOf(lstatSync(file, { bigint: true }))
}

/** The stamp of a file whose state is known. */
export function stampOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
}
