import { setImmediate } from 'node:timers/promises'
import { HoptraceError } from '../../base/errors.js'
import { fileStamp, type FileStamp, isThereSync } from '../../files/index.js'
import type { HopRecord } from '../../record/record.js'
import { hopIdNanos } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import { listLogFiles, logFilePath, readRun } from '../../log/index.js'
import { readLost } from '../../log/lost-file.js'
import { isOwnRun, runDirOf } from '../../rundir/index.js'
import { heartbeatNanos, type InstanceRow } from '../../record/instance-row.js'
import type { Lookup, RunLiveness } from '../../record/lookup.js'
import { readRecord } from '../../record/record-json.js'
import { orAborted } from '../../base/deadline.js'
import type { Reads } from '../walk/reads.js'
import { isLost } from './dropped.js'
import { isWriting, type LogWriter } from './log-writer.js'

/** The log of a run as it was when it was read. */
export interface LogView {
  readonly records: ReadonlyMap<HopId, HopRecord>
  /** The hops of each assigned id, the earliest first. */
  readonly aliases: ReadonlyMap<HopId, readonly HopId[]>
  readonly throughNanos: bigint
  readonly aliveNanos: bigint
  /** What of it could not be read, in words. Undefined when all could. */
  readonly damage: string | undefined
  readonly dropped: InstanceRow['dropped']
  /** `alive`: a hop that it leaves open is open, but for those in `continued`. */
  readonly liveness: RunLiveness
  readonly continued: ReadonlySet<HopId>
  /** It has every hop of the run, so that its stores have none that is missing here. */
  readonly whole: boolean
}

/** A view as it is kept: whether the run lives is asked each time. */
interface ReadLog extends Omit<LogView, 'liveness'> {
  readonly over: boolean
  readonly writer: LogWriter
}

/** A log that is read, or was. Its reading ends with the last question that waits for it. */
interface Cached {
  readonly stamp: string
  readonly log: Promise<ReadLog>
  readonly reading: AbortController
  waiting: number
  done: boolean
}

const maxCached = 16
/** Hops between two turns of other work. */
const stretch = 1000

/** Reads logs that lie below the data directory, whatever host or container writes them. */
export class LogSource {
  private readonly cache = new Map<string, Cached>()
  private readonly runDirs = new WeakMap<InstanceRow, { readonly path: string | undefined }>()

  /**
   * @param dataDir Where the directories are that rows name.
   * @param isAlive Does the run that writes a log still run? The log of one that does not is final.
   */
  constructor(
    private readonly dataDir: string,
    private readonly isAlive: (row: InstanceRow, runDir: string) => Promise<boolean>,
  ) {}

  /**
   * The run's log, or undefined if it is not here. Rejects if it exists but cannot be read, and with the
   * reason of `signal` when that aborts.
   */
  async view(row: InstanceRow, reads: Reads, signal?: AbortSignal): Promise<LogView | undefined> {
    signal?.throwIfAborted()
    const runDir = this.runDir(row)
    // Most runs that are asked for have ended, and have left no directory.
    if (runDir === undefined || !isThereSync(runDir)) return undefined
    // Asked first: what a run that has ended by now wrote is all there.
    const alive = await this.isAlive(row, runDir)
    const files = await statFiles(runDir)
    if (files.length === 0) return alive || !hasLoggedNothing(row, runDir) ? undefined : emptyLog(row)
    const stamp = `${alive} ${files.map(({ size, mtimeNs }) => `${size}@${mtimeNs}`).join(' ')}`
    let cached = this.cache.get(runDir)
    if (cached?.stamp !== stamp) {
      cached = this.read(row, runDir, alive, stamp, files)
      reads.scans++
      for (const { size } of files) reads.bytes += Number(size)
    }
    return viewOf(row, await this.wait(runDir, cached, signal))
  }

  /**
   * Have the logs of these runs every hop of theirs? Then no store has a hop that is missing here. A store that cannot be read
   * may never have been made: a row names the store of its run before anything is put there.
   */
  async haveAll(rows: readonly InstanceRow[], reads: Reads, signal?: AbortSignal): Promise<boolean> {
    for (const row of rows) {
      const view = await this.view(row, reads, signal).catch(() => undefined)
      if (view?.whole !== true) return false
    }
    return true
  }

  /** Kept with the row, which one walk after the other asks for. */
  private runDir(row: InstanceRow): string | undefined {
    let known = this.runDirs.get(row)
    if (known === undefined) this.runDirs.set(row, (known = { path: runDirOf(this.dataDir, row.logDir) }))
    return known.path
  }

  private read(
    row: InstanceRow,
    runDir: string,
    alive: boolean,
    stamp: string,
    files: readonly FileStamp[],
  ): Cached {
    const reading = new AbortController()
    const writtenNanos = files.reduce((last, { mtimeNs }) => (mtimeNs > last ? mtimeNs : last), 0n)
    const log = read(row, runDir, alive, writtenNanos, reading.signal)
    const cached: Cached = { stamp, log, reading, waiting: 0, done: false }
    this.cache.delete(runDir)
    if (this.cache.size >= maxCached) this.cache.delete(this.cache.keys().next().value as string)
    this.cache.set(runDir, cached)
    log.then(
      () => (cached.done = true),
      () => this.forget(runDir, cached),
    )
    return cached
  }

  private async wait(runDir: string, cached: Cached, signal: AbortSignal | undefined): Promise<ReadLog> {
    cached.waiting++
    try {
      return await orAborted(cached.log, signal)
    } finally {
      if (--cached.waiting === 0 && !cached.done) {
        this.forget(runDir, cached)
        cached.reading.abort()
      }
    }
  }

  private forget(runDir: string, cached: Cached): void {
    if (this.cache.get(runDir) === cached) this.cache.delete(runDir)
  }
}

/**
 * Whether a run that has ended wrote no entry. Its directory is here, no other process has owned it, and its row tells of
 * no log: otherwise files may have been shipped, or removed.
 */
function hasLoggedNothing({ state, loggedThrough }: InstanceRow, runDir: string): boolean {
  if (state !== 'running' || loggedThrough[0] !== 0 || !isOwnRun(runDir)) return false
  const lost = readLost(runDir)
  return !lost.damaged && lost.range === undefined
}

const emptyLog = (row: InstanceRow): LogView => ({
  records: new Map(),
  aliases: new Map(),
  throughNanos: row.startNanos,
  aliveNanos: heartbeatNanos(row),
  damage: undefined,
  dropped: [],
  liveness: 'ended',
  continued: new Set(),
  whole: true,
})

/** A run that listens says itself that it lives; of others their process does. */
function viewOf(row: InstanceRow, { over, writer, ...log }: ReadLog): LogView {
  const alive = !over && log.damage === undefined && row.endpoint === null && isWriting(writer)
  return { ...log, liveness: over ? 'ended' : alive ? 'alive' : 'unsure' }
}

/**
 * The result of looking up an id in a log only. If the log is not whole, absence is proven only together with the store,
 * because shipped hops leave the log.
 */
export function lookupInLog(view: LogView, row: InstanceRow, id: HopId): Lookup {
  const record = view.records.get(id) ?? view.records.get(view.aliases.get(id)?.at(-1) ?? id)
  const lost = isLost({ ...row, dropped: [...view.dropped, ...row.dropped] }, hopIdNanos(record?.hopId ?? id))
  if (record !== undefined) {
    // Its end may be what cannot be read.
    const isCut = view.damage !== undefined && record.state !== 'closed' && record.lost === 0
    if (isCut)
      return { kind: 'found', record: { ...record, lost: 1 }, source: 'log', liveness: view.liveness }
    // Its close may be what was lost, or what went with a file that is shipped and deleted.
    const unsure = view.liveness === 'alive' && (lost || view.continued.has(record.hopId))
    return { kind: 'found', record, source: 'log', liveness: unsure ? 'unsure' : view.liveness }
  }
  const ended = view.liveness === 'ended'
  return {
    kind: 'absent',
    throughNanos: view.throughNanos,
    final: ended && view.damage === undefined,
    dropped: lost,
    source: 'log',
    ...(view.damage === undefined ? {} : { damage: view.damage }),
    ...(ended ? { aliveNanos: view.aliveNanos } : {}),
  }
}

/** The hops that a log has under another id: all that were assigned it, or the earliest of a foreign trace. */
export function aliasesInLog({ records, aliases }: LogView, id: HopId): readonly HopId[] {
  const assigned = aliases.get(id)
  if (assigned !== undefined) return assigned
  let first: HopId | undefined
  for (const { hopId, traceId, parentSpan } of records.values()) {
    if (traceId === id && parentSpan !== null && (first === undefined || hopId < first)) first = hopId
  }
  return first === undefined ? [] : [first]
}

async function statFiles(dir: string): Promise<FileStamp[]> {
  try {
    return await Promise.all(listLogFiles(dir).map((file) => fileStamp(logFilePath(dir, file))))
  } catch (cause) {
    throw new HoptraceError('HOPTRACE_BAD_LOG', `the log ${dir} cannot be read: ${String(cause)}`, { cause })
  }
}

async function read(
  row: InstanceRow,
  runDir: string,
  alive: boolean,
  writtenNanos: bigint,
  signal: AbortSignal,
): Promise<ReadLog> {
  const { run, hops, continued, markedNanos, crash, dropped, ended, damage, whole } = await readRun(runDir, {
    through: { file: row.loggedThrough[0], offset: row.loggedThrough[1] },
    signal,
  })
  if (run.startNanos !== row.startNanos || run.address !== row.address) {
    throw new HoptraceError('HOPTRACE_BAD_LOG', `${runDir} is the log of another run`)
  }
  const records = new Map<HopId, HopRecord>()
  const aliases = new Map<HopId, HopId[]>()
  const over = ended || !alive
  let unreadable = 0
  for (const [index, hop] of hops.entries()) {
    if (index % stretch === stretch - 1) {
      await setImmediate()
      signal.throwIfAborted()
    }
    // What it left open, it left open for this reason: shipping will say the same.
    const record = readRecord(over && hop.state === 'open' ? { ...hop, crash } : hop)
    if (record === undefined) unreadable++
    else {
      records.set(record.hopId, record)
      const { hopId, assignedId } = record
      const known = assignedId === null ? undefined : aliases.get(assignedId)
      if (known !== undefined) known.push(hopId)
      else if (assignedId !== null) aliases.set(assignedId, [hopId])
    }
  }
  return {
    records,
    aliases,
    throughNanos: markedNanos,
    aliveNanos: writtenNanos > markedNanos ? writtenNanos : markedNanos,
    damage:
      damage === 0 && unreadable === 0
        ? undefined
        : `the log of ${row.service} ${row.address} is damaged: ${row.logDir}`,
    dropped,
    continued,
    whole: whole && damage === 0 && unreadable === 0,
    over,
    writer: { runDir, pid: run.pid, process: run.process, writtenNanos, markedNanos },
  }
}
