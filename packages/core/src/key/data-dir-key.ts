import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { HoptraceError } from '../errors.js'

/** 32 random bytes as base64url: what `hoptrace key` prints, and what a data directory keeps. */
export function newClusterKey(): string {
  return randomBytes(32).toString('base64url')
}

const keyPattern = /^[A-Za-z0-9_-]{43}\n?$/

/**
 * The key that a data directory keeps in its file `key`; undefined when there is none. Writes nothing.
 * @throws HoptraceError `HOPTRACE_BAD_KEY` when it cannot be read, or is no key.
 */
export function readDataDirKey(dataDir: string): string | undefined {
  const file = path.join(dataDir, 'key')
  let fd: number
  try {
    // Neither a link nor a pipe is followed or waited for.
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(file, code === 'ELOOP' ? 'it is a symbolic link' : reasonOf(error), error)
  }
  try {
    if (!fstatSync(fd).isFile()) throw unreadable(file, 'it is no plain file')
    const buffer = Buffer.alloc(64)
    const text = buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0))
    if (!keyPattern.test(text)) throw unreadable(file, 'it is no key that hoptrace made')
    return text.trimEnd()
  } finally {
    closeSync(fd)
  }
}

/**
 * The key that a data directory keeps. Where there is none, `fresh` becomes it: written under another name, synced, and linked, so
 * that of several processes one makes it, and nobody ever reads half of it. Its mode is 0640.
 * @throws HoptraceError `HOPTRACE_BAD_KEY` when there is one that is none; what the file system throws when it cannot be made.
 */
export function ensureDataDirKey(dataDir: string, fresh: string = newClusterKey()): string {
  const known = readDataDirKey(dataDir)
  if (known !== undefined) return known
  mkdirSync(dataDir, { recursive: true, mode: 0o750 })
  const file = path.join(dataDir, 'key')
  const temporary = path.join(dataDir, `.key-${randomBytes(8).toString('hex')}.tmp`)
  try {
    writeSynced(temporary, `${fresh}\n`)
    linkNew(temporary, file, fresh)
  } finally {
    rmSync(temporary, { force: true })
  }
  syncDirectory(dataDir)
  const made = readDataDirKey(dataDir)
  if (made === undefined) throw unreadable(file, 'it was removed a moment ago')
  return made
}

function linkNew(temporary: string, file: string, fresh: string): void {
  try {
    linkSync(temporary, file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    // A file system without links: who makes the file first has made it.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EOPNOTSUPP') throw error
    try {
      writeSynced(file, `${fresh}\n`)
    } catch (later) {
      if ((later as NodeJS.ErrnoException).code !== 'EEXIST') throw later
    }
  }
}

function writeSynced(file: string, text: string): void {
  const fd = openSync(file, 'wx', 0o640)
  try {
    // Whatever the umask.
    fchmodSync(fd, 0o640)
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function syncDirectory(dir: string): void {
  try {
    const fd = openSync(dir, constants.O_RDONLY)
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch {
    // Some platforms cannot sync a directory.
  }
}

function unreadable(file: string, reason: string, cause?: unknown): HoptraceError {
  return new HoptraceError('HOPTRACE_BAD_KEY', `the key in ${file} cannot be read: ${reason}`, { cause })
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
