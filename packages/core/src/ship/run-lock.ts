import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { ClassicLevel } from 'classic-level'
import { errorCode, isMissing } from '../files/index.js'
import { processToken } from '../rundir/process-token.js'

/**
 * Ownership of a run's directory: whoever holds it ships the run's log. It is the lock of a tiny database in
 * `<runDir>/lock`, an `fcntl` lock, so it ends with its process however that dies, a stopped process keeps it, and it
 * works across containers. Such a lock belongs to a process, not to a thread, and any thread that opens the file and
 * closes it lets go of it; so within a process a claim file, named after the process, keeps threads apart.
 */
export interface RunLock {
  /** False when the directory was removed or replaced under its owner. */
  held(): boolean
  /** Lets go; the directory may be gone by then. */
  release(): Promise<void>
}

/**
 * Takes the lock of a run's directory, or resolves to undefined when somebody alive holds it or there is no such directory.
 * @param owner The run's own process: makes the directory, and a claim that a dead thread of it left does not count.
 */
export async function acquireRunLock(runDir: string, owner = false): Promise<RunLock | undefined> {
  if (owner) mkdirSync(runDir, { recursive: true })
  const claim = path.join(runDir, `claim-${processToken()}`)
  try {
    closeSync(openSync(claim, 'wx', 0o640))
  } catch (error) {
    if (isMissing(error)) return undefined
    if (errorCode(error) !== 'EEXIST') throw error
    if (!owner) return undefined
  }
  let database: ClassicLevel | undefined
  try {
    database = await openLock(runDir)
    if (database === undefined) return undefined
    const lock = hold(runDir, database, claim)
    if (lock === undefined) await database.close()
    else return lock
    database = undefined
  } finally {
    if (database === undefined) rmSync(claim, { force: true })
  }
  return undefined
}

/** The lock appears under its name only once it is held. */
async function openLock(runDir: string): Promise<ClassicLevel | undefined> {
  const dir = path.join(runDir, 'lock')
  if (existsSync(dir)) return tryOpen(dir)
  const fresh = path.join(runDir, `lock-${randomBytes(6).toString('hex')}`)
  const database = await tryOpen(fresh)
  if (database === undefined) return undefined
  try {
    renameSync(fresh, dir)
    return database
  } catch (error) {
    await database.close()
    rmSync(fresh, { recursive: true, force: true })
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errorCode(error))) return undefined
    throw error
  }
}

async function tryOpen(dir: string): Promise<ClassicLevel | undefined> {
  const database = new ClassicLevel(dir, { writeBufferSize: 64 * 1024, cacheSize: 0 })
  try {
    await database.open()
    return database
  } catch (error) {
    await database.close()
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    // Its owner, who is done with it, may be deleting it right now.
    if (errorCode(cause) === 'LEVEL_LOCKED' || !existsSync(path.dirname(dir))) return undefined
    throw cause
  }
}

function hold(runDir: string, database: ClassicLevel, claim: string): RunLock | undefined {
  const file = path.join(runDir, 'lock', 'LOCK')
  const inode = inodeOf(file)
  if (inode === undefined) return undefined
  return {
    held: () => inodeOf(file) === inode,
    async release() {
      await database.close()
      rmSync(claim, { force: true })
    },
  }
}

function inodeOf(file: string): number | undefined {
  try {
    return statSync(file).ino
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
