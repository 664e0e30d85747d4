import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { HoptraceError } from '../base/errors.js'
import { errorCode, isMissing, makeTopSync, readFileSync, writeNewSync } from '../files/index.js'

/** 32 random bytes as base64url: what `hoptrace key` prints, and what a data directory keeps. */
export function newClusterKey(): string {
  return randomBytes(32).toString('base64url')
}

const name = 'key'
const maxBytes = 64
const keyPattern = /^[A-Za-z0-9_-]{43}\n?$/

/**
 * The key that a data directory keeps in its file `key`; undefined when there is none. Writes nothing.
 * @throws HoptraceError `HOPTRACE_BAD_KEY` when it cannot be read, or is no key.
 */
export function readDataDirKey(dataDir: string): string | undefined {
  try {
    const text = readFileSync({ dir: dataDir, name }, { maxBytes }).toString('latin1')
    if (!keyPattern.test(text)) throw new Error('it is no key that hoptrace made')
    return text.trimEnd()
  } catch (cause) {
    if (isMissing(cause)) return undefined
    const { message } = cause as Error
    throw new HoptraceError(
      'HOPTRACE_BAD_KEY',
      `the key in ${path.join(dataDir, name)} cannot be read: ${message}`,
      { cause },
    )
  }
}

/**
 * The key that a data directory keeps. Where there is none, `fresh` becomes it: of several processes one makes it, and no process ever
 * reads half of it. Its mode is 0640, and it is synced.
 * @throws HoptraceError `HOPTRACE_BAD_KEY` when there is one that is none; what the file system throws when it cannot be made.
 */
export function ensureDataDirKey(dataDir: string, fresh: string = newClusterKey()): string {
  const known = readDataDirKey(dataDir)
  if (known !== undefined) return known
  makeTopSync(dataDir)
  try {
    writeNewSync({ dir: dataDir, name }, `${fresh}\n`)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
  const made = readDataDirKey(dataDir)
  if (made === undefined) throw new Error(`${path.join(dataDir, name)} was removed a moment ago`)
  return made
}
