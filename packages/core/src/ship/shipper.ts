import { setTimeout as sleep } from 'node:timers/promises'
import type { Diagnostics } from '../diagnostics.js'
import { HoptraceError } from '../errors.js'
import type { HopRecord } from '../hop/record.js'
import type { HopId } from '../id/types.js'
import type { RunInfo } from '../log/entries.js'
import { snapshotRecord } from '../log/logged-hop.js'
import type { Lookup } from '../resolve/lookup.js'
import type { Store } from '../store/contract.js'
import { expireRows } from '../store/expire.js'
import type { InstanceRow, Registry } from '../store/instance-row.js'
import { StoreReader } from '../store/reader.js'
import { deleteRunDir } from './dead-runs.js'
import { KeyShipper } from './key-shipper.js'
import { lookupHop } from './lookup-hop.js'
import { Outage } from './outage.js'
import type { ShipStats } from './recorder.js'
import { acquireRunLock, type RunLock } from './run-lock.js'
import { runRow } from './run-row.js'
import { RunShipping } from './run-shipping.js'

export interface ShipperOptions {
  readonly runDir: string
  /** The run whose log it is. Its address is known by now. */
  readonly run: RunInfo
  readonly store: Store
  readonly registry: Registry
  /** How long after its end a window waits for stragglers. */
  readonly graceMillis: number
  /** Windows older than this are deleted from stores that do not expire rows by themselves. @default never */
  readonly ttlSeconds?: number
  readonly diagnostics?: Diagnostics
  /** Hops kept in memory while they wait; beyond, a cut is made early, or reading pauses while the store is away. @default 100000 */
  readonly maxHops?: number
  /** @default 300 */
  readonly pollMillis?: number
  /** @default 2000 */
  readonly heartbeatMillis?: number
  /** How long the run's lock is tried: somebody may be asking whether the run is alive. @default 5000 */
  readonly lockMillis?: number
}

const lockPauseMillis = 100
const retryMillis = 1000
const expireMillis = 60 * 60_000

/**
 * Ships the log of a living run: windows when they are over, keys at once, the registry's row every two seconds. It never
 * touches the request path; it only reads the files that the request path writes.
 */
export class Shipper {
  private readonly options: Required<Omit<ShipperOptions, 'ttlSeconds'>> & Pick<ShipperOptions, 'ttlSeconds'>
  private readonly engine: RunShipping
  private readonly keys: KeyShipper
  private readonly reader: StoreReader
  private readonly storeOutage: Outage
  private readonly registryOutage: Outage
  private readonly diskOutage: Outage
  private lock: RunLock | undefined
  private retry: NodeJS.Timeout | undefined
  private timers: NodeJS.Timeout[] = []
  private shippingKeys: Promise<void> | undefined
  private beating: Promise<void> | undefined
  private expiring: Promise<void> | undefined
  private readonly closing = new AbortController()
  private firstLaneOpen = false
  private expiredAt = performance.now()
  private watermarkNanos = 0n
  private state: InstanceRow['state'] = 'running'
  private faults = 0
  private closed = false

  constructor(options: ShipperOptions) {
    const {
      maxHops = 100_000,
      pollMillis = 300,
      heartbeatMillis = 2000,
      lockMillis = 5000,
      diagnostics = () => undefined,
    } = options
    this.options = { ...options, maxHops, pollMillis, heartbeatMillis, lockMillis, diagnostics }
    const { run, store, runDir } = options
    this.engine = new RunShipping({ runDir, store })
    this.keys = new KeyShipper(this.engine.table, store)
    this.reader = new StoreReader(store, run)
    this.storeOutage = new Outage(diagnostics, 'HOPTRACE_STORE', {
      away: 'the store does not take records: they stay in the log',
      back: 'the store takes records again',
    })
    this.diskOutage = new Outage(diagnostics, 'HOPTRACE_DISK', {
      away: `${runDir} cannot be used: nothing is shipped`,
      back: `${runDir} can be used again`,
    })
    this.registryOutage = new Outage(diagnostics, 'HOPTRACE_REGISTRY', {
      away: 'the registry cannot be written: others may take this instance for dead',
      back: 'the registry can be written again',
    })
  }

  /**
   * Takes the run's lock and begins. Rejects with `HOPTRACE_STORE_LOCKED` when somebody else owns the run's directory:
   * the run then has to go on in a fresh one. A store that is away, or a disk that refuses, is no failure: it is tried again.
   */
  async start(): Promise<void> {
    try {
      await this.takeLock()
      if (this.closed) return
      this.engine.load()
    } catch (error) {
      if (error instanceof HoptraceError) throw error
      this.diskOutage.failed(error)
      this.retry = setTimeout(
        () => void this.start().catch((reason: unknown) => this.fault(reason)),
        retryMillis,
      )
      return
    }
    this.diskOutage.succeeded()
    const { pollMillis, heartbeatMillis } = this.options
    this.timers = [
      setInterval(() => this.tick(), pollMillis),
      setInterval(() => void this.beat().catch(() => undefined), heartbeatMillis),
    ]
    await this.beat().catch(() => undefined)
  }

  /** Everything in the log so far is in the store when it resolves. Rejects when the store does not take it; it is tried again later. */
  async flush(): Promise<void> {
    for (let more = true; more;) {
      await this.sendPending()
      more = this.read()
      this.cutAll()
      await this.sendPending()
    }
    await this.shipKeys()
    this.compact()
    await this.beat().catch(() => undefined)
  }

  /** What this run knows of an id: its log up to now, then its store. Rejects when the store cannot be read. */
  async lookup(id: HopId, signal?: AbortSignal): Promise<Lookup> {
    this.read()
    return lookupHop(this.engine, this.reader, this.options.run, id, signal)
  }

  /** Records that the store does not have as they are: open hops, and those of the last window or two. Later entries do not change them. */
  *unshipped(): Iterable<HopRecord> {
    this.read()
    for (const hop of this.engine.table.hops()) {
      if (hop.dirty || hop.record.state === 'open') yield snapshotRecord(hop.record)
    }
  }

  /** The run's row of the registry, as it is now. */
  row(): InstanceRow {
    const { runDir, run, store } = this.options
    const through = this.engine.watermark()
    if (through > this.watermarkNanos) this.watermarkNanos = through
    return runRow(this.engine.run ?? run, {
      runDir,
      stores: [store.url],
      heartbeatMillis: Date.now(),
      shippedThroughNanos: this.watermarkNanos,
      dropped: this.engine.table.dropped,
      state: this.state,
    })
  }

  stats(): ShipStats {
    const { shipped, table } = this.engine
    const behind = BigInt(Date.now()) - this.watermarkNanos / 1_000_000n
    return {
      shipped,
      errors: this.storeOutage.errors + this.registryOutage.errors + this.diskOutage.errors + this.faults,
      dropped: table.damage + table.late,
      lagMillis: this.watermarkNanos === 0n ? 0 : Math.max(0, Number(behind)),
    }
  }

  /**
   * Ships what is left, says in the registry that the run has stopped, and lets go. The log is deleted when it says that
   * the run ended; otherwise it stays for whoever adopts it. Rejects when something could not be shipped; it has let go then too.
   */
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.closing.abort()
    clearTimeout(this.retry)
    for (const timer of this.timers) clearInterval(timer)
    const { engine } = this
    try {
      if (this.lock === undefined) return
      await this.flush()
      const ended = engine.table.ended && this.lock.held()
      if (ended && engine.cut({ below: null, firstBelow: 0, interrupt: true })) await this.sendPending()
      this.state = 'stopped'
      await this.beat()
      if (ended && engine.table.size === 0) {
        engine.finish()
        await deleteRunDir(this.options.runDir)
      }
    } finally {
      await Promise.allSettled([this.shippingKeys, this.beating, this.expiring])
      engine.close()
      await this.lock?.release()
      this.lock = undefined
    }
  }

  private async takeLock(): Promise<void> {
    const { runDir, lockMillis } = this.options
    for (let waited = 0; this.lock === undefined && !this.closed; waited += lockPauseMillis) {
      this.lock = await acquireRunLock(runDir, true)
      if (this.lock !== undefined) return
      if (waited >= lockMillis)
        throw new HoptraceError('HOPTRACE_STORE_LOCKED', `${runDir} is owned by another process`)
      await sleep(lockPauseMillis)
    }
  }

  private tick(): void {
    try {
      this.read()
      if (!this.storeOutage.due) return
      const { engine, options } = this
      if (engine.pending === undefined && engine.run !== undefined) {
        const markedMillis = Number(engine.table.markedNanos / 1_000_000n)
        const below = engine.windowAt(markedMillis - options.graceMillis)
        if (engine.table.size >= options.maxHops) this.cutAll()
        else if (below > engine.cutBelow) engine.cut({ below, firstBelow: this.firstBelow(below) })
      }
      if (engine.pending !== undefined)
        void this.sendPending().then(
          () => this.compact(),
          () => undefined,
        )
      if (this.keys.waiting) void this.shipKeys().catch(() => undefined)
      this.expire()
    } catch (error) {
      this.fault(error)
    }
  }

  /** Reads on in the log, unless the table is full. True when there may be more to read. */
  private read(): boolean {
    const { engine, options } = this
    for (;;) {
      if (engine.table.size >= options.maxHops && (engine.pending !== undefined || !this.storeOutage.due))
        return true
      if (engine.table.size >= options.maxHops * 2) return true
      if (engine.poll() === 0) return false
    }
  }

  private cutAll(): void {
    const { engine } = this
    if (engine.pending === undefined)
      engine.cut({ below: null, firstBelow: this.firstBelow(engine.windowAt(Date.now()) + 1) })
  }

  /** Until it is known which windows an earlier run on this address may have cut, the first lane stays closed. */
  private firstBelow(below: number): number {
    return this.firstLaneOpen ? below : 0
  }

  private async sendPending(): Promise<void> {
    if (this.engine.pending === undefined) return
    try {
      await this.engine.send()
      this.storeOutage.succeeded()
    } catch (error) {
      this.storeOutage.failed(error)
      throw error
    }
  }

  private shipKeys(): Promise<void> {
    this.shippingKeys ??= this.keys
      .ship()
      .catch((error: unknown) => {
        this.storeOutage.failed(error)
        throw error
      })
      .finally(() => {
        this.shippingKeys = undefined
      })
    return this.shippingKeys
  }

  private compact(): void {
    if (this.lock?.held() !== true) return
    if (!this.engine.compact()) this.faults++
  }

  /** Says in the registry that it lives. */
  private beat(): Promise<void> {
    this.beating ??= this.putRow().finally(() => {
      this.beating = undefined
    })
    return this.beating
  }

  private async putRow(): Promise<void> {
    try {
      await this.regainLock()
      if (!this.firstLaneOpen) await this.openFirstLane()
      await this.options.registry.put(this.row())
      this.registryOutage.succeeded()
    } catch (error) {
      this.registryOutage.failed(error)
      throw error
    }
  }

  /** The first lane is open to windows that begin after this run did, and after all that an earlier run on its address shipped. */
  private async openFirstLane(): Promise<void> {
    const { run, registry } = this.options
    let from = run.startNanos
    for (const row of await registry.list()) {
      if (row.address !== run.address || row.worker !== run.worker || row.startNanos === run.startNanos)
        continue
      if (row.shippedThroughNanos > from) from = row.shippedThroughNanos
    }
    const window = Number(from / (BigInt(run.windowMillis) * 1_000_000n)) + 1
    this.engine.cutBelow = Math.max(this.engine.cutBelow, window)
    this.firstLaneOpen = true
  }

  /** The directory was removed: the run goes on in a new one of that name, which needs a lock too. */
  private async regainLock(): Promise<void> {
    const { lock } = this
    if (lock === undefined || lock.held()) return
    await lock.release()
    this.lock = (await acquireRunLock(this.options.runDir, true)) ?? lock
  }

  private expire(): void {
    const { ttlSeconds, store, run } = this.options
    if (
      ttlSeconds === undefined ||
      store.supports.ttl ||
      store.deleteRange === undefined ||
      performance.now() - this.expiredAt < expireMillis
    )
      return
    this.expiredAt = performance.now()
    const beforeNanos = BigInt(Date.now() - ttlSeconds * 1000) * 1_000_000n
    const { buckets, windowMillis } = run
    const { signal } = this.closing
    this.expiring = expireRows(store, { buckets, windowMillis, beforeNanos, signal }).then(
      () => undefined,
      (error: unknown) => (signal.aborted ? undefined : this.storeOutage.failed(error)),
    )
  }

  private fault(error: unknown): void {
    if (this.faults++ > 0) return
    this.options.diagnostics(
      'HOPTRACE_SHIP',
      `shipping stumbled: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
