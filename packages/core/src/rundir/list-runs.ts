import { timing } from '../base/timing.js'
import path from 'node:path'
import { isMissing, listDir, lstat, markerName, StillList } from '../files/index.js'
import { isLogFileName, isRunName, isServiceName, runPlace } from './run-place.js'

/**
 * The directories of all runs below a data directory, of one service or of all, in order of their names. It
 * only reads. It skips a directory with another name, or with neither our marker nor a log file.
 */
export async function listRunDirs(dataDir: string, service?: string): Promise<string[]> {
  return new RunDirs(dataDir).list(service)
}

/** The same again and again: a directory that has not changed is not listed again. */
export class RunDirs {
  private readonly dir: string
  private readonly services: StillList
  private readonly runs = new Map<string, StillList>()
  /** Directories that are of runs. */
  private known = new Set<string>()

  constructor(dataDir: string) {
    this.dir = path.resolve(dataDir)
    this.services = new StillList({ dir: this.dir, name: 'logs' })
  }

  async list(service?: string): Promise<string[]> {
    const services =
      service === undefined
        ? (await this.services.listLater())
            .filter(({ name, kind }) => kind === 'directory' && isServiceName(name))
            .map(({ name }) => name)
        : [service]
    const runs: string[] = []
    for (const name of services) {
      for (const { name: run, kind } of await this.ofService(name).listLater()) {
        if (kind !== 'directory' || !isRunName(run)) continue
        const runDir = path.join(this.dir, 'logs', name, run)
        if (this.known.has(runDir) || (await isRunDir(runDir))) runs.push(runDir)
      }
    }
    this.known = new Set(runs)
    return runs.sort()
  }

  private ofService(name: string): StillList {
    let list = this.runs.get(name)
    if (list === undefined)
      this.runs.set(name, (list = new StillList({ dir: this.dir, name: `logs/${name}` })))
    return list
  }
}

async function isRunDir(runDir: string): Promise<boolean> {
  try {
    if ((await lstat(path.join(runDir, markerName))).isFile()) return true
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  const entries = await listDir(runPlace(runDir))
  return entries.some(({ name, kind }) => kind === 'file' && isLogFileName(name))
}

/**
 * Whether a run's log was not written for a minute or, if there is no log, nothing in its directory changed.
 */
export async function isQuiet(runDir: string, nowMillis = Date.now()): Promise<boolean> {
  const logs = (await listDir(runPlace(runDir))).filter(({ name }) => isLogFileName(name))
  let newest = 0
  for (const { name } of logs.length > 0 ? logs : [{ name: '' }]) {
    try {
      newest = Math.max(newest, (await lstat(path.join(runDir, name))).mtimeMs)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  return newest > 0 && nowMillis - newest > timing.quietMillis
}
