import { closeSync, fstatSync, readSync } from 'node:fs'

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
