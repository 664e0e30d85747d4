import { timing } from '../../base/timing.js'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import {
  isMissing,
  listDir,
  modifiedMillisSync,
  type OurDir,
  readFileSync,
  removeFileSync,
  temporaryPattern,
} from '../../files/index.js'
import type { AskersKeys } from '../../key/index.js'
import type { EndedRuns } from '../../record/instance-row.js'
import { rowLimits } from './check-row.js'
import { ourRowFiles, rowFileStart } from './row-file.js'
import { hasExpired } from './expired-row.js'
import { readPaths } from './row-paths.js'
import { readRow, unverifiedRow } from './signed-row.js'

/** What is left is for the next service that starts. */
const maxLooked = 5000

/**
 * Deletes the rows of ended runs whose records have expired and whose log is gone, and what killed processes left half written. A run that
 * is registered as running, and of which neither log nor heartbeat is left, has ended. Bounded work: of very many files only some are
 * looked at, others the next time. Returns how many were deleted.
 */
export async function removeRows(
  dataDir: string,
  keys: AskersKeys,
  { service, beforeMillis, deleted, signal }: EndedRuns,
): Promise<number> {
  const place = { dir: dataDir, name: 'registry' }
  const registry: OurDir = { place, ours: ourRowFiles }
  const goes = async (name: string): Promise<boolean> => {
    if (temporaryPattern.test(name)) {
      const modified = await modifiedMillis(path.join(dataDir, 'registry', name))
      return modified !== undefined && Date.now() - modified > timing.temporaryRowMillis
    }
    const file = { dir: dataDir, name: `registry/${name}` }
    const text = readFileSync(file, { maxBytes: rowLimits.bytes }).toString('utf8')
    const read = readRow(text, keys)
    const row = 'row' in read ? read.row : unverifiedRow(text)
    if (row === undefined) return false
    if ('why' in read) {
      if (row.service !== service || row.heartbeatMillis >= beforeMillis) return false
      // Under a key of before: a run that lived would have written it again.
      const modified = await modifiedMillis(path.join(dataDir, 'registry', name))
      if (modified === undefined || modified >= beforeMillis) return false
    } else if (!hasExpired(readPaths(row, dataDir), { service, beforeMillis, deleted })) return false
    return (await modifiedMillis(path.resolve(dataDir, row.logDir))) === undefined
  }
  let removed = 0
  const latestMillis = Math.max(beforeMillis, deleted?.beforeMillis ?? 0)
  for (const [index, name] of (await candidates(dataDir, latestMillis)).entries()) {
    if (signal?.aborted === true) break
    if (index % 16 === 15) await setImmediate()
    try {
      if ((await goes(name)) && removeFileSync(registry, name)) removed++
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  return removed
}

/** Files that may go by their names: a run lives after it began. */
async function candidates(dataDir: string, beforeMillis: number): Promise<string[]> {
  const entries = await listDir({ dir: dataDir, name: 'registry' })
  const names = entries
    .filter(({ name, kind }) => kind === 'file' && ourRowFiles.test(name))
    .map(({ name }) => name)
    .filter((name) => Number(rowFileStart(name) / 1_000_000n) < beforeMillis)
  const first = names.length > maxLooked ? Math.floor(Math.random() * (names.length - maxLooked)) : 0
  return names.slice(first, first + maxLooked)
}

async function modifiedMillis(file: string): Promise<number | undefined> {
  try {
    return modifiedMillisSync(file)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
