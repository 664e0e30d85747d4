import { lstatSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { HoptraceError } from '../base/errors.js'
import {
  errorCode,
  isMissing,
  linkNewSync,
  listDir,
  listDirSync,
  makeDirSync,
  writeNewSync,
} from '../files/index.js'
import { runFile, runPlace } from './run-place.js'
import { listenNow, probeSocket, type SocketState } from './socket.js'

/**
 * Ownership of a run's directory. The owner listens on a socket `owner-<n>.sock` in the directory; the
 * highest n counts. The run's own process is number 1. An adopter that finds the owner's process gone makes
 * the next number; this fails if another adopter was faster. So ownership ends with its process, however that
 * dies; a stopped process keeps it; and containers that share the directory agree. Lower numbers stay. Where
 * sockets are impossible, a plain file takes its place, and a silent run counts as dead.
 */
export interface OwnedRun {
  readonly runDir: string
  readonly number: number
  /** False if another process has become the owner, or if the directory was removed. */
  held(): boolean
  /** Releases the directory, which may be gone already. */
  release(): void
}

/** The number of the run's own process. */
const first = 1

const ownerName = /^owner-(\d{1,6})\.sock$/

/**
 * Makes a run's directory and owns it: for the run's own process, before the run's first hop. Throws
 * `HOPTRACE_STORE_LOCKED` if another process owns it, or file system errors.
 */
export function claimRunDir(runDir: string): OwnedRun {
  makeDirSync(runPlace(runDir))
  const owned = take(runDir, first)
  if (owned === undefined)
    throw new HoptraceError('HOPTRACE_STORE_LOCKED', `${runDir} is owned by another process`)
  return owned
}

/**
 * Takes over the directory of a run whose owner is gone. Resolves to undefined if the owner lives, if another
 * process was faster, or if there is no such directory.
 * @param options.silent The caller knows that the log is silent, so an owner of unknown state counts as gone.
 */
export async function acquireRunDir(
  runDir: string,
  options: { readonly silent?: boolean } = {},
): Promise<OwnedRun | undefined> {
  const before = highestOwner(runDir)
  const state = await probeRun(runDir)
  if (state === 'alive' || (state === 'unknown' && options.silent !== true)) return undefined
  try {
    const owned = take(runDir, before + 1)
    if (owned === undefined || (owned.held() && !(await isOwnedBelow(runDir, owned.number)))) return owned
    owned.release()
    return undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** The owner may have released the observed number, and another process may have taken it since. */
async function isOwnedBelow(runDir: string, number: number): Promise<boolean> {
  for (const { name, kind } of await listDir(runPlace(runDir))) {
    const found = Number(ownerName.exec(name)?.[1] ?? number)
    if (found < number && kind === 'socket' && (await probeSocket(runDir, name)) === 'alive') return true
  }
  return false
}

/**
 * Whether the owner of a run's directory lives. It only reads. `unknown` if nothing shows it: there never was
 * an owner, the owner could make no socket, or this process may not connect to it.
 */
export async function probeRun(runDir: string): Promise<SocketState> {
  const entries = await listDir(runPlace(runDir))
  const number = highest(entries.map(({ name }) => name))
  const name = `owner-${number}.sock`
  if (!entries.some((entry) => entry.name === name && entry.kind === 'socket')) return 'unknown'
  return probeSocket(runDir, name)
}

/** The number of the owner of a run's directory; 0 if it never had one, or does not exist. */
export function highestOwner(runDir: string): number {
  return highest(listDirSync(runPlace(runDir)).map(({ name }) => name))
}

/**
 * Whether the directory says that the run's own process still owns it. Any thread of that process may ask.
 */
export function isOwnRun(runDir: string): boolean {
  return highestOwner(runDir) === first
}

function highest(names: readonly string[]): number {
  return names.reduce((number, name) => Math.max(number, Number(ownerName.exec(name)?.[1] ?? 0)), 0)
}

function take(runDir: string, number: number): OwnedRun | undefined {
  const file = runFile(runDir, `owner-${number}.sock`)
  const listening = listenNow(runDir)
  try {
    if (listening === undefined) writeNewSync(file, '', { sync: false })
    else linkNewSync(runFile(runDir, listening.name), file)
  } catch (error) {
    listening?.server.close()
    if (errorCode(error) === 'EEXIST') return undefined
    throw error
  } finally {
    if (listening !== undefined) unlinkQuietly(path.join(runDir, listening.name))
  }
  const inode = inodeOf(runDir, number)
  const isThere = (): boolean => inode !== undefined && inodeOf(runDir, number) === inode
  return {
    runDir,
    number,
    held: () => highestOwner(runDir) === number && isThere(),
    release() {
      if (number > first && isThere()) unlinkQuietly(path.join(runDir, `owner-${number}.sock`))
      listening?.server.close()
    },
  }
}

function inodeOf(runDir: string, number: number): bigint | undefined {
  try {
    return lstatSync(path.join(runDir, `owner-${number}.sock`), { bigint: true }).ino
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function unlinkQuietly(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // Closing the socket has removed the file.
  }
}
