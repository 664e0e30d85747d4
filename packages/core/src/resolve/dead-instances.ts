import { hostname } from 'node:os'
import { type FailedRun, readFailedRun } from '../rundir/failed-run.js'
import { bootId, probeRun, runDirOf } from '../rundir/index.js'
import type { InstanceRow } from '../record/instance-row.js'

/** Probes at a time. */
const atOnce = 32

/** A run that is registered as running and whose process is gone. */
export interface DeadInstance {
  /** Why its log is not shipped, when that was tried; undefined when nothing has tried yet. */
  readonly failed: FailedRun | undefined
}

/**
 * Of runs that are registered as running, those whose process is gone: nothing listens in the run's directory below this data directory any
 * more, or the run's machine was started again since. It only reads. A run of which nothing is known here is not among them.
 */
export async function deadInstances(
  rows: readonly InstanceRow[],
  dataDir: string,
): Promise<ReadonlyMap<InstanceRow, DeadInstance>> {
  const dead = new Map<InstanceRow, DeadInstance>()
  const running = rows.filter(({ state }) => state === 'running')
  const next = running[Symbol.iterator]()
  const probe = async (): Promise<void> => {
    for (const row of { [Symbol.iterator]: () => next })
      if (await isDead(row, dataDir)) dead.set(row, { failed: failedOf(row, dataDir) })
  }
  await Promise.all(Array.from({ length: atOnce }, probe))
  return dead
}

function failedOf(row: InstanceRow, dataDir: string): FailedRun | undefined {
  const runDir = runDirOf(dataDir, row.logDir)
  try {
    return runDir === undefined ? undefined : readFailedRun(runDir)
  } catch {
    // This user may not read it. The run is dead all the same.
    return undefined
  }
}

async function isDead(row: InstanceRow, dataDir: string): Promise<boolean> {
  if (row.host === hostname() && row.boot !== '' && bootId() !== '' && row.boot !== bootId()) return true
  const runDir = runDirOf(dataDir, row.logDir)
  if (runDir === undefined) return false
  return (await probeRun(runDir).catch(() => 'unknown')) === 'dead'
}
