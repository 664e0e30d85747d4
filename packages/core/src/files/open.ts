import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
} from 'node:fs'
import { sep } from 'node:path'
import { fileModeOf } from './access.js'
import { checkParents, checkParentsLater, pathOf, type Place } from './beneath.js'
import { FileHandle, lstat } from './calls.js'
import { stampOf } from './descriptor.js'
import { FileRefused, isMissing } from './refused.js'

/** `create` makes the file and fails with `EEXIST` if it exists; `make` opens it, or makes it. */
export type OpenFor = 'read' | 'update' | 'create' | 'make'

export interface OpenLimits {
  /** A larger file is refused with `EFBIG`. @default no limit */
  readonly maxBytes?: number
}

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = constants
// Windows has neither.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>

const flags: Record<OpenFor, number> = {
  read: O_RDONLY,
  update: O_RDWR,
  create: O_RDWR | O_CREAT | O_EXCL,
  make: O_RDWR | O_CREAT,
}

/**
 * Opens a regular file. Follows no link below `place.dir` and never blocks: a pipe, a device or a directory
 * is refused before it is opened, and again once it is open. Throws `FileRefused`, or file system errors.
 */
export function openFileSync(place: Place, access: OpenFor, limits: OpenLimits = {}): number {
  checkParents(place)
  const file = pathOf(place)
  const found = access === 'create' ? undefined : lstatSync(file, { throwIfNoEntry: false })
  if (found !== undefined) refuse(file, found, limits)
  const fd = openSync(file, flags[access] | O_NOFOLLOW | O_NONBLOCK, fileModeOf(file))
  try {
    refuse(file, fstatSync(fd), limits)
    if (found === undefined && access !== 'read') fchmodSync(fd, fileModeOf(file))
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** `openFileSync` without blocking. */
export async function openFile(place: Place, access: OpenFor, limits: OpenLimits = {}): Promise<FileHandle> {
  await checkParentsLater(place)
  const file = pathOf(place)
  const found =
    access === 'create'
      ? undefined
      : await lstat(file).catch((error: unknown) => {
          if (!isMissing(error)) throw error
        })
  if (found !== undefined) refuse(file, found, limits)
  const handle = await FileHandle.open(file, flags[access] | O_NOFOLLOW | O_NONBLOCK, fileModeOf(file))
  try {
    refuse(file, await handle.stat(), limits)
    if (found === undefined && access !== 'read') await handle.chmod(fileModeOf(file))
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The whole content of a regular file. Throws as `openFileSync` does. */
export function readFileSync(place: Place, limits: Required<OpenLimits>): Buffer {
  return readAll(openFileSync(place, 'read', limits))
}

/**
 * Reads files that a listing of a directory says are regular ones: the directory's parents are checked once, and what was exchanged since
 * is refused once it is open. Throws as `openFileSync` does.
 */
export function listedFileReader(
  dir: Place,
  limits: Required<OpenLimits>,
): (name: string) => { readonly bytes: Buffer; readonly stamp: string } {
  checkParents({ dir: dir.dir, name: `${dir.name}/.listed` })
  const prefix = `${pathOf(dir)}${sep}`
  return (name) => {
    if (!/^[^/\\\0]+$/.test(name) || name === '..') throw new FileRefused('ENOTOURS', name, 'is not a name')
    const fd = openSync(prefix + name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    try {
      const stats = fstatSync(fd, { bigint: true })
      refuse(prefix + name, stats, limits)
      return { bytes: bytesOf(fd, Number(stats.size)), stamp: stampOf(stats) }
    } finally {
      closeSync(fd)
    }
  }
}

function readAll(fd: number): Buffer {
  try {
    return bytesOf(fd, fstatSync(fd).size)
  } finally {
    closeSync(fd)
  }
}

function bytesOf(fd: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (let got = 1; got > 0 && at < bytes.length; at += got)
    got = readSync(fd, bytes, at, bytes.length - at, at)
  return bytes.subarray(0, at)
}

/** `readFileSync` without blocking. Rejects with the signal's reason when it fires. */
export async function readFile(
  place: Place,
  limits: Required<OpenLimits>,
  signal?: AbortSignal,
): Promise<Buffer> {
  signal?.throwIfAborted()
  await using handle = await openFile(place, 'read', limits)
  const bytes = Buffer.allocUnsafe((await handle.stat()).size)
  let at = 0
  for (let got = 1; got > 0 && at < bytes.length; at += got) {
    signal?.throwIfAborted()
    got = (await handle.read(bytes, at, Math.min(bytes.length - at, 1 << 20), at)).bytesRead
  }
  return bytes.subarray(0, at)
}

function refuse(file: string, stats: Stats | BigIntStats, { maxBytes }: OpenLimits): void {
  if (stats.isSymbolicLink()) throw new FileRefused('ELOOP', file, 'is a symbolic link')
  if (!stats.isFile()) throw new FileRefused('ENOTREG', file, 'is not a regular file')
  if (maxBytes !== undefined && stats.size > maxBytes)
    throw new FileRefused('EFBIG', file, `has ${stats.size} bytes, more than ${maxBytes}`)
}
