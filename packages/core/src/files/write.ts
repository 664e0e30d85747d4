import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  futimesSync,
  linkSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { checkParents, pathOf, type Place } from './beneath.js'
import { FileHandle, rename, unlink } from './calls.js'
import { openFile, openFileSync } from './open.js'
import { errorCode } from './refused.js'

/** A file that is being written. Such a file may be deleted once it is older than any write. */
export const temporaryPattern = /^\.[\w.-]{1,200}\.[0-9a-f]{16}\.tmp$/

export interface WriteOptions {
  /** The content survives the end of the machine. @default true */
  readonly sync?: boolean
}

function temporaryOf({ dir, name }: Place): Place {
  const at = name.lastIndexOf('/') + 1
  return { dir, name: `${name.slice(0, at)}.${name.slice(at)}.${randomBytes(8).toString('hex')}.tmp` }
}

/**
 * Writes a file as a whole: readers see the old content or all of the new content. The directory must exist.
 * On an error, it throws the file system's error and leaves no file.
 */
export function writeReplacingSync(
  place: Place,
  content: string | Uint8Array,
  options: WriteOptions = {},
): void {
  writeBeside(place, content, options, renameSync)
}

/** Writes a new file in one step. Throws `EEXIST` if it exists. */
export function writeNewSync(place: Place, content: string | Uint8Array, options: WriteOptions = {}): void {
  writeBeside(place, content, options, (from, to) => {
    linkSync(from, to)
    unlinkSync(from)
  })
}

function writeBeside(
  place: Place,
  content: string | Uint8Array,
  { sync = true }: WriteOptions,
  put: (from: string, to: string) => void,
): void {
  const temporary = temporaryOf(place)
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const fd = openFileSync(temporary, 'create')
  try {
    try {
      writeAllSync(fd, bytes, 0)
      if (sync) fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    put(pathOf(temporary), pathOf(place))
  } catch (error) {
    try {
      unlinkSync(pathOf(temporary))
    } catch {
      // Report the earlier failure, not this one.
    }
    throw error
  }
  if (sync) syncDirSync(path.dirname(pathOf(place)))
}

/** `writeReplacingSync` without blocking. */
export async function writeReplacing(
  place: Place,
  content: string | Uint8Array,
  { sync = true }: WriteOptions = {},
): Promise<void> {
  const temporary = temporaryOf(place)
  try {
    {
      await using handle = await openFile(temporary, 'create')
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      for (let at = 0; at < bytes.length;)
        at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten
      if (sync) await handle.sync()
    }
    await rename(pathOf(temporary), pathOf(place))
  } catch (error) {
    await unlink(pathOf(temporary)).catch(() => undefined)
    throw error
  }
  if (sync) await syncDir(path.dirname(pathOf(place)))
}

/** Writes the first `length` of `bytes` at `offset`, or all of them. Throws `ENOSPC` if the file takes only a part. */
export function writeAllSync(fd: number, bytes: Uint8Array, offset: number, length = bytes.length): void {
  const written = length === 0 ? 0 : writeSync(fd, bytes, 0, length, offset)
  if (written !== length) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
}

/** Sets a file's modification time, and makes the file if it is missing. */
export function setModifiedSync(place: Place, millis: number): void {
  const fd = openFileSync(place, 'make')
  try {
    futimesSync(fd, millis / 1000, millis / 1000)
  } finally {
    closeSync(fd)
  }
}

/** A second name for a file. Throws `EEXIST` if that name is taken. */
export function linkNewSync(from: Place, to: Place): void {
  checkParents(from)
  checkParents(to)
  linkSync(pathOf(from), pathOf(to))
}

/** When it returns, renamed or new files of the directory survive the end of the machine. */
export function syncDirSync(dir: string): void {
  try {
    const fd = openSync(dir, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (!cannotSync(error)) throw error
  }
}

/** `syncDirSync` without blocking. */
export async function syncDir(dir: string): Promise<void> {
  try {
    await using handle = await FileHandle.open(dir, 'r')
    await handle.sync()
  } catch (error) {
    if (!cannotSync(error)) throw error
  }
}

/** Windows opens no directories; some network file systems do not sync them. */
function cannotSync(error: unknown): boolean {
  return ['EPERM', 'EISDIR', 'EINVAL', 'EACCES', 'EBADF'].includes(errorCode(error))
}
