import { stat } from 'node:fs/promises'
import { readRunInfo } from '../../log/read-run.js'
import { listRunDirs, logDirOf } from '../../rundir/index.js'
import type { InstanceRow, InstanceRows } from '../../store/instance-row.js'
import { runKey } from '../../store/registry/run-key.js'
import { runRow } from '../../ship/run-row.js'

/** More runs than this that are not registered are not looked for. */
const maxRuns = 1000

/**
 * Runs whose log lies in a data directory though they are not registered (yet): a run writes its log before it answers its first request, and
 * registers a moment later, or never when it died before.
 */
export class LoggedRuns {
  private readonly known = new Map<string, InstanceRow>()

  constructor(private readonly dataDir: string) {}

  /** The rows that `list` gives, and those of runs that are not among them. */
  async beside(list: () => Promise<InstanceRows>): Promise<InstanceRows> {
    // Runs of before: one that registers meanwhile is in both, and the registry's row counts.
    const runDirs = await listRunDirs(this.dataDir).catch(() => [])
    const rows = await list()
    const registered = new Set(rows.map(runKey))
    const dirs = new Set(rows.map(({ logDir }) => logDir))
    const more: InstanceRow[] = []
    for (const runDir of runDirs.filter((dir) => !dirs.has(logDirOf(dir))).slice(-maxRuns)) {
      const row = this.known.get(runDir) ?? (await rowOf(runDir))
      if (row === undefined) continue
      this.known.set(runDir, row)
      if (!registered.has(runKey(row))) more.push(row)
    }
    if (this.known.size > maxRuns) this.known.clear()
    if (more.length === 0) return rows
    const { unread } = rows
    return Object.assign([...rows, ...more], unread === undefined ? {} : { unread })
  }
}

async function rowOf(runDir: string): Promise<InstanceRow | undefined> {
  try {
    const run = readRunInfo(runDir)
    if (run === undefined) return undefined
    const { mtimeMs } = await stat(runDir)
    return runRow(run, {
      runDir,
      // Where it ships to is known once it has: until then its log is all there is.
      stores: [],
      heartbeatMillis: Math.floor(mtimeMs),
      shippedThroughNanos: 0n,
      dropped: [],
      loggedThrough: [0, 0],
      state: 'running',
    })
  } catch {
    return undefined
  }
}
