import { timing } from '../../base/timing.js'
import { textOf } from '../../base/message.js'
import path from 'node:path'
import { isMarkedSync, isMissing, modifiedMillisSync, StillList } from '../../files/index.js'
import type { AskersKeys, ClusterKeys } from '../../key/index.js'
import { readRunHeader } from '../../log/read-run.js'
import { listLogFiles } from '../../rundir/run-dir.js'
import { logDirOf, RunDirs } from '../../rundir/index.js'
import { isServiceName } from '../../rundir/run-place.js'
import { runRow } from '../../rundir/run-row.js'
import { runName, type InstanceRow, type RegistryRows } from '../../record/instance-row.js'
import { UnreadRows } from '../../store/registry/unread-rows.js'

/** More runs than this that are not registered are not looked for. */
const maxRuns = 1000

/**
 * Runs whose log is in a data directory though they are not registered (yet): a run writes its log before it
 * answers its first request, and registers a moment later, or never when it died before. A log that cannot be
 * read, or that is not signed under the key of the asker, is an entry of `unread`: the run may have had any
 * hop.
 */
export class LoggedRuns {
  private readonly known = new Map<string, InstanceRow>()
  private readonly runDirs: RunDirs
  private readonly stores: StillList

  constructor(
    private readonly dataDir: string,
    private readonly keys: AskersKeys,
  ) {
    this.runDirs = new RunDirs(dataDir)
    this.stores = new StillList({ dir: dataDir, name: 'stores' })
  }

  /** The rows that `list` gives, and those of runs that are not among them. */
  async beside(list: () => Promise<RegistryRows>): Promise<RegistryRows> {
    // List the logs first: a run that registers in between is in both lists, and then its row counts.
    const runDirs = await this.runDirs.list().catch(() => [])
    const { rows, unread: unreadRows } = await list()
    const registered = new Set(rows.map(runName))
    const dirs = new Set(rows.map(({ logDir }) => logDir))
    const more: InstanceRow[] = []
    const unread = new UnreadRows()
    const others = runDirs.filter((dir) => !dirs.has(logDirOf(dir)))
    for (const runDir of others.slice(0, -maxRuns))
      unread.add(logDirOf(runDir), 'is one log more than is looked at')
    for (const runDir of others.slice(-maxRuns)) {
      const row = this.known.get(runDir) ?? (await rowOf(runDir, this.keys()))
      if (row === undefined) continue
      if (typeof row === 'string') {
        unread.add(logDirOf(runDir), row)
        continue
      }
      this.known.set(runDir, row)
      if (!registered.has(runName(row))) more.push(row)
    }
    if (this.known.size > maxRuns) this.known.clear()
    for (const service of await this.storesWithout([...rows, ...more]))
      unread.add(`stores/${service}`, `has records of ${service}, and no run of it is registered`)
    return { rows: [...rows, ...more], unread: [...unreadRows, ...unread.all] }
  }

  /** Services that have a log or a store in the data directory. */
  async services(): Promise<ReadonlySet<string>> {
    const runDirs = await this.runDirs.list().catch(() => [])
    const logged = runDirs.map((runDir) => path.basename(path.dirname(runDir)))
    return new Set([...logged, ...(await this.storeNames())])
  }

  /** Services whose store is there, while every row of theirs is missing. */
  private async storesWithout(rows: readonly InstanceRow[]): Promise<string[]> {
    const services = new Set(rows.map(({ service }) => service))
    const names = await this.storeNames()
    return names.filter(
      (name) => !services.has(name) && isMarkedSync(path.join(this.dataDir, 'stores', name)),
    )
  }

  private async storeNames(): Promise<string[]> {
    const entries = await this.stores.listLater().catch(() => [])
    return entries
      .filter(({ name, kind }) => kind === 'directory' && isServiceName(name))
      .map(({ name }) => name)
  }
}

/** The row of a run from its log, the reason why the log cannot be read, or undefined if there is no log. */
async function rowOf(
  runDir: string,
  keys: ClusterKeys | undefined,
): Promise<InstanceRow | string | undefined> {
  try {
    const mtimeMs = modifiedMillisSync(runDir)
    const header = readRunHeader(runDir)
    if (header === undefined) {
      const begins = Date.now() - mtimeMs < timing.newRunMillis
      return begins || listLogFiles(runDir).length === 0 ? undefined : 'is no log that can be read'
    }
    const { run, text, mac } = header
    if (keys !== undefined && keys.mac('log', text) !== mac) return 'is not signed under this key'
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
  } catch (error) {
    if (isMissing(error)) return undefined
    return `cannot be read: ${textOf(error)}`
  }
}
