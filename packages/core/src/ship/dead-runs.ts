import { existsSync } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { isMissing } from '../files/index.js'
import { tokenOfProcess } from '../rundir/process-token.js'
import { acquireRunLock } from './run-lock.js'

/** A run that has no lock yet is alive for so long after it last wrote. */
const youngMillis = 60_000

/** Beginning of the name of a directory whose deletion has begun. */
const gone = '.gone-'

/** The directories of all runs under a data directory, of one service or of all. */
export async function listRunDirs(dataDir: string, service?: string): Promise<string[]> {
  const logs = path.join(dataDir, 'logs')
  const services = service === undefined ? await subfolders(logs) : [path.join(logs, service)]
  const runs: string[] = []
  for (const dir of (await Promise.all(services.map(subfolders))).flat()) {
    if (path.basename(dir).startsWith(gone))
      await rm(dir, { recursive: true, force: true }).catch(() => undefined)
    else runs.push(dir)
  }
  return runs
}

/** Deletes the directory of a run that is shipped. It takes another name first, so that nobody tries its lock meanwhile. */
export async function deleteRunDir(runDir: string): Promise<void> {
  const away = path.join(path.dirname(runDir), gone + path.basename(runDir))
  try {
    await rename(runDir, away)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  await rm(away, { recursive: true, force: true, maxRetries: 5 })
}

/**
 * May its lock be tried? A run makes its directory first and takes its lock a moment later. A thread that ends lets go of
 * the lock while its process lives on: the claim of that process stays.
 */
export async function mayBeDead(runDir: string): Promise<boolean> {
  if (isClaimed(runDir)) return false
  let newest = 0
  for (const name of await names(runDir)) {
    if (name === 'lock') return true
    newest = Math.max(newest, await modifiedMillis(path.join(runDir, name)))
  }
  newest = Math.max(newest, await modifiedMillis(runDir))
  return newest > 0 && Date.now() - newest > youngMillis
}

/**
 * Does the process that writes this run's log still run, or does somebody ship it right now? The lock says so, which a
 * stopped process keeps and a dead one has lost, whatever its number was.
 */
export async function isRunAlive(runDir: string): Promise<boolean> {
  if (!(await mayBeDead(runDir))) return (await names(runDir)).length > 0
  const lock = await acquireRunLock(runDir)
  if (lock === undefined) return true
  await lock.release()
  return false
}

/** Does the process that the run is named after live, and has it claimed the run? */
function isClaimed(runDir: string): boolean {
  const pid = /^\d+-(\d+)-/.exec(path.basename(runDir))?.[1]
  const token = pid === undefined ? undefined : tokenOfProcess(Number(pid))
  return token !== undefined && existsSync(path.join(runDir, `claim-${token}`))
}

async function subfolders(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(dir, name))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function names(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function modifiedMillis(file: string): Promise<number> {
  try {
    return (await stat(file)).mtimeMs
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
}
