import { timing } from '../base/timing.js'
import path from 'node:path'
import { isMissing, listDir, lstat, markerName } from '../files/index.js'
import { isLogFileName, isRunName, isServiceName, runPlace } from './run-place.js'

/**
 * The directories of all runs below a data directory, of one service or of all, in order of their names. It
 * only reads. It skips a directory with another name, or with neither our marker nor a log file.
 */
export async function listRunDirs(dataDir: string, service?: string): Promise<string[]> {
  const dir = path.resolve(dataDir)
  const services =
    service === undefined
      ? (await listDir({ dir, name: 'logs' }))
          .filter(({ name, kind }) => kind === 'directory' && isServiceName(name))
          .map(({ name }) => name)
      : [service]
  const runs: string[] = []
  for (const name of services.sort()) {
    const entries = await listDir({ dir, name: `logs/${name}` })
    for (const run of entries.filter(({ name: run, kind }) => kind === 'directory' && isRunName(run))) {
      const runDir = path.join(dir, 'logs', name, run.name)
      if (await isRunDir(runDir)) runs.push(runDir)
    }
  }
  return runs.sort()
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
