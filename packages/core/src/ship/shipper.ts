import { timing } from '../base/timing.js'
import type { ShipStats } from './ship-stats.js'
import type { RunInfo } from '../rundir/run-info.js'
import { HoptraceError } from '../base/errors.js'
import { textOf } from '../base/message.js'
import type { HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import type { Lookup, RecordName } from '../record/lookup.js'
import { runName, type InstanceRow } from '../record/instance-row.js'
import { keeps } from '../store/retention.js'
import { StoreReader } from '../store/reader.js'
import { deleteRunDir, highestOwner, isOwnRun } from '../rundir/index.js'
import { Expiry } from './expiry.js'
import { KeyShipper } from './key-shipper.js'
import { type Gone, lookupHop } from './lookup-hop.js'
import { type ShipperOutages, shipperOutages } from './outage.js'
import { RunRegistrar } from './run-registrar.js'
import { RunShipping } from './run-shipping.js'
import { type ShipperOptions, type ShipperSettings, withDefaults } from './shipper-options.js'

const ticksToRest = 10
/** So many new hops are a part of a window. */
const partHops = 16_384
/** Of the hops in the table, at most this share is cut open with a part. */
const openShare = 1 / 64

/**
 * Ships the log of a living run. It reads the files that the request path writes, and never touches the
 * request path. It ships a window when the window is over, keys at once, and puts the registry row every two
 * seconds.
 */
export class Shipper {
  private readonly options: ShipperSettings
  private readonly engine: RunShipping
  private readonly keys: KeyShipper
  private readonly reader: StoreReader
  private readonly registrar: RunRegistrar
  private readonly outages: ShipperOutages
  private begun = false
  private retry: NodeJS.Timeout | undefined
  private timer: NodeJS.Timeout | undefined
  private ticking: NodeJS.Timeout | undefined
  /** A tick that does not wait, because there is more to do. */
  private next: NodeJS.Immediate | undefined
  /** Ticks that found nothing new. */
  private still = 0
  /** Hops that the last cut left in the table, if it took all that it could, and no more was to be read. */
  private kept = 0
  /** The last cut did not take all that it could. */
  private cutsMore = false
  private seen = 0
  private shippingKeys: Promise<void> | undefined
  private expiry: Expiry | undefined
  private faults = 0
  private closed = false

  constructor(options: ShipperOptions) {
    this.options = withDefaults(options)
    const { diagnostics } = this.options
    const { run, store, runDir } = options
    this.engine = new RunShipping({ runDir, store })
    this.keys = new KeyShipper(this.engine.table, store, this.engine.bytes)
    this.reader = new StoreReader(store, run)
    this.outages = shipperOutages(diagnostics, runDir)
    this.registrar = new RunRegistrar({
      runDir,
      run,
      store,
      registry: options.registry,
      engine: this.engine,
      outage: this.outages.registry,
      unsaid: this.options.unsaid,
      ttlSeconds: options.ttlSeconds,
    })
  }

  /**
   * Starts. The run's process owns the directory, see `claimRunDir`. Rejects with `HOPTRACE_STORE_LOCKED` if
   * another process owns it; then the run continues in a new one. An unavailable store, or a disk that
   * refuses, is no failure: it is retried.
   */
  async start(): Promise<void> {
    try {
      this.requireOwner()
      if (this.closed) return
      this.engine.load()
      if (this.options.again) this.engine.windows.closeBelow(this.engine.windowAt(Date.now()) + 1)
      this.begun = true
    } catch (error) {
      if (error instanceof HoptraceError) throw error
      this.outages.disk.failed(error)
      this.retry = setTimeout(
        () => void this.start().catch((reason: unknown) => this.fault(reason)),
        timing.shipperStartMillis,
      )
      return
    }
    this.outages.disk.succeeded()
    if (this.options.again) await this.restore()
    const { pollMillis, heartbeatMillis } = this.options
    this.timer = setInterval(() => void this.beat().catch(() => undefined), heartbeatMillis).unref()
    this.tickIn(pollMillis)
    await this.beat().catch(() => undefined)
    if (!this.closed) this.expiry ??= this.expiryOf(this.options)
  }

  /**
   * When it resolves, everything in the log so far is in the store. Rejects if the store does not accept it;
   * it is retried later.
   */
  async flush(): Promise<void> {
    for (let more = true; more;) {
      await this.sendPending()
      // No put is pending here, so everything read now is in this cut.
      more = this.read(true)
      this.cutAll()
      await this.sendPending()
    }
    await this.shipKeys()
    this.compact()
    await this.beat().catch(() => undefined)
  }

  /** The run is now known under more addresses: puts them into the registry row as soon as possible. */
  async describe(run: RunInfo): Promise<void> {
    this.registrar.run = run
    await this.registrar.settled()
    if (this.timer !== undefined) await this.beat()
  }

  /**
   * This run's record for an id: from its current log, then from its store. Rejects if the store cannot be
   * read.
   */
  async lookup(id: HopId, signal?: AbortSignal): Promise<Lookup> {
    this.read()
    return lookupHop(this.engine, this.reader, this.options.run, id, this.gone, signal)
  }

  /**
   * Records with a version that the store does not have: open hops, and hops of the last window or two. Later
   * entries do not change them.
   */
  unshipped(isWanted: (record: RecordName) => boolean = () => true): readonly HopRecord[] {
    this.read()
    const records: HopRecord[] = []
    const { table } = this.engine
    const { packed } = table
    for (const hop of table.hops()) {
      const { dirty, record } = hop
      if ((dirty || record.state === 'open') && isWanted(record)) records.push(table.snapshot(hop))
    }
    for (const slot of packed.slots()) {
      if (isWanted(packed.name(slot))) records.push(table.snapshot(packed.hop(slot)))
    }
    return records
  }

  /** Why some records of this run may be missing. */
  damage(): string | undefined {
    this.read()
    return this.engine.table.damage > 0 ? 'its log is damaged' : undefined
  }

  /** Of what this run has no record, though it may have had one. */
  private get gone(): Gone {
    const { ttlSeconds, unsaid } = this.options
    const { deletedBeforeNanos } = this.registrar
    return {
      dropped: this.engine.dropped(unsaid()),
      ...keeps(ttlSeconds),
      ...(deletedBeforeNanos === undefined ? {} : { deletedBeforeNanos }),
    }
  }

  /** Whether a put to the store is pending. */
  get busy(): boolean {
    return this.engine.pending !== undefined
  }

  /** The run's current registry row. */
  row(): InstanceRow {
    return this.registrar.row()
  }

  stats(): Omit<ShipStats, 'unshippedRuns'> {
    const { shipped, table } = this.engine
    const { watermarkNanos } = this.registrar
    // A run that has shipped nothing lags by its whole life.
    const { startNanos } = this.options.run
    const through = watermarkNanos > startNanos ? watermarkNanos : startNanos
    const behind = BigInt(Date.now()) - through / 1_000_000n
    return {
      shipped,
      errors:
        this.outages.store.errors + this.outages.registry.errors + this.outages.disk.errors + this.faults,
      dropped: table.damage + table.late,
      lagMillis: Math.max(0, Number(behind)),
    }
  }

  /**
   * Ships the rest, registers that the run has stopped, and releases the directory. If the log says that the
   * run has ended, it deletes the log; otherwise the log stays for an adopter. Rejects if something could not
   * be shipped; the directory is released then too.
   */
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    const expired = this.expiry?.close()
    clearTimeout(this.retry)
    clearInterval(this.timer)
    clearTimeout(this.ticking)
    clearImmediate(this.next)
    const { engine } = this
    try {
      if (!this.begun || !this.owns()) return
      await this.flush()
      const ended = engine.table.ended && this.owns()
      if (ended && engine.cut({ below: null, firstBelow: 0, interrupt: true })) await this.sendPending()
      await this.registrar.lastBeat('stopped')
      if (ended && engine.table.size === 0) {
        engine.finish()
        deleteRunDir({ runDir: this.options.runDir, held: () => this.owns() })
      }
    } finally {
      await Promise.allSettled([this.shippingKeys, this.registrar.settled(), expired])
      engine.close()
    }
  }

  private expiryOf(settings: ShipperSettings): Expiry {
    const { store, registry, run, ttlSeconds = Infinity, maxBytes = Infinity } = settings
    const { service, buckets, windowMillis } = run
    return new Expiry({
      service,
      buckets,
      windowMillis,
      store,
      registry,
      ttlSeconds,
      maxBytes,
      shippedBytes: () => this.engine.bytes.total,
      announce: (beforeNanos) => this.announce(beforeNanos),
      failed: (error) => this.fault(error),
    })
  }

  /** When it resolves, the registry says that this is deleted. Only then may it be deleted. */
  private async announce(beforeNanos: bigint): Promise<void> {
    this.registrar.deletedBeforeNanos = beforeNanos
    await this.registrar.settled()
    await this.registrar.beat()
  }

  /** What this run has registered before: its row is replaced as a whole. */
  private async restore(): Promise<void> {
    const { registry, run } = this.options
    const { rows } = await registry.list().catch(() => ({ rows: [] }))
    const known = rows.find((row) => runName(row) === runName(run))
    this.engine.bytes.addAll(known?.bytes)
    this.registrar.deletedBeforeNanos = known?.deletedBeforeNanos
  }

  private requireOwner(): void {
    const { runDir } = this.options
    const owner = highestOwner(runDir)
    if (owner === 0) throw new Error(`${runDir} cannot be made yet`)
    if (!this.owns())
      throw new HoptraceError('HOPTRACE_STORE_LOCKED', `${runDir} is owned by another process`)
  }

  private owns(): boolean {
    return isOwnRun(this.options.runDir)
  }

  private tickIn(millis: number): void {
    if (this.closed) return
    this.ticking = setTimeout(() => {
      this.tick()
      const { pollMillis } = this.options
      this.tickIn(this.isResting() ? Math.max(pollMillis, timing.restTickMillis) : pollMillis)
    }, millis).unref()
  }

  /** Whether nothing has come for a while, and nothing waits. */
  private isResting(): boolean {
    const { size } = this.engine.table
    const seen = size + this.engine.shipped
    const isBusy = seen !== this.seen || this.engine.pending !== undefined || this.keys.waiting
    this.seen = seen
    this.still = isBusy ? 0 : this.still + 1
    return this.still > ticksToRest
  }

  private tick(): void {
    if (this.closed) return
    try {
      const { engine, options } = this
      // A part of a backlog at a time, so that the loop of this thread turns between two parts.
      const hasMore = this.read(false, Math.min(partHops, options.maxHops))
      if (!this.outages.store.due) return
      if (engine.pending === undefined && engine.run !== undefined) {
        this.cutsMore = false
        const markedMillis = Number(engine.table.markedNanos / 1_000_000n)
        const below = engine.windowAt(markedMillis - options.graceMillis)
        if (engine.table.size >= options.maxHops) this.cutAll()
        else if (below > engine.windows.below) engine.cut({ below, firstBelow: below })
        else if (engine.table.size >= this.kept + partHops) this.cutPart(markedMillis)
      }
      if (engine.pending !== undefined)
        void this.sendPending().then(
          () => {
            const goesOn = hasMore || this.cutsMore
            this.kept = goesOn ? 0 : engine.table.size
            this.compact()
            if (goesOn) this.tickNext()
          },
          () => undefined,
        )
      else if (hasMore) this.tickNext()
      if (this.keys.waiting) void this.shipKeys().catch(() => undefined)
    } catch (error) {
      this.fault(error)
    }
  }

  private tickNext(): void {
    this.next ??= setImmediate(() => {
      this.next = undefined
      this.tick()
    })
  }

  /**
   * Reads about `hops` more hops of the log, and nothing if the table is full and the store is unavailable.
   * True if there may be more to read.
   */
  private read(whileAway = false, hops = this.options.maxHops): boolean {
    const { engine, options } = this
    const enough = engine.table.size + hops
    for (;;) {
      const { size } = engine.table
      const away = engine.pending !== undefined || !(whileAway || this.outages.store.due)
      if (size >= enough || (size >= options.maxHops && away)) return true
      if (engine.poll() === 0) return false
    }
  }

  /**
   * A busy run cuts its windows in parts, because the hops of a whole one would take too much memory. A hop that
   * is cut while it is open gets a second version, so a part ends where few hops are open. It has about `partHops`,
   * because V8 frees nothing of its old generation before a cut is over. How many there are up to a time is estimated:
   * hops begin evenly between the last cut and the newest hop.
   */
  private cutPart(markedMillis: number): void {
    const { engine } = this
    const { table } = engine
    const open = [...table.hops()].filter(({ complete }) => !complete).map(({ idMillis }) => idMillis)
    const few = open.sort((a, b) => a - b)[Math.floor(table.size * openShare)] ?? Infinity
    const from = markedMillis - this.options.graceMillis
    const to = engine.placeAt(Math.max(from, Math.min(markedMillis - timing.partGraceMillis, few)))
    const { below: cutTo } = engine.windows
    const newest = engine.placeAt(Number(table.newestNanos / 1_000_000n))
    const share = Math.min(1, partHops / table.size)
    const below = cutTo === 0 ? to : Math.min(to, cutTo + share * (newest - cutTo))
    this.cutsMore = below < to
    if (below > cutTo) engine.cut({ below, firstBelow: below })
  }

  private cutAll(): void {
    const { engine } = this
    if (engine.pending === undefined) engine.cut({ below: null, firstBelow: engine.windowAt(Date.now()) + 1 })
  }

  /** When it resolves, no cut is pending. */
  private async sendPending(): Promise<void> {
    while (this.engine.pending !== undefined) {
      try {
        await this.engine.send()
        this.outages.store.succeeded()
      } catch (error) {
        this.outages.store.failed(error)
        throw error
      }
    }
  }

  private shipKeys(): Promise<void> {
    this.shippingKeys ??= this.keys
      .ship()
      .catch((error: unknown) => {
        this.outages.store.failed(error)
        throw error
      })
      .finally(() => {
        this.shippingKeys = undefined
      })
    return this.shippingKeys
  }

  private compact(): void {
    try {
      if (this.owns() && !this.engine.compact()) this.faults++
    } catch (error) {
      this.fault(error)
    }
  }

  /** Registers that the run lives. */
  private async beat(): Promise<void> {
    // Do not wait: a disk may be slow.
    void this.engine.sync()
    await this.registrar.beat()
  }

  private fault(error: unknown): void {
    if (this.faults++ > 0) return
    this.options.diagnostics('HOPTRACE_SHIP', `shipping stumbled: ${textOf(error)}`)
  }
}
