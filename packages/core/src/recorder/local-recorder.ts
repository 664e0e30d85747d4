import { timing } from '../base/timing.js'
import type { ShipStats } from '../ship/ship-stats.js'
import type { RunInfo } from '../rundir/run-info.js'
import { isStore } from '../store/contract.js'
import { openRegistry, openStore } from '../store/open-store.js'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Diagnostics } from '../base/diagnostics.js'
import { HoptraceError } from '../base/errors.js'
import { shareWithGroup } from '../files/index.js'
import type { HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import { clusterKeys, type ClusterKeys, offerKey } from '../key/index.js'
import type { HopLogStats } from '../log/entries.js'
import type { OwnRecords, RunCounters } from './endpoint.js'
import type { Lookup, RecordName } from '../record/lookup.js'
import { neverBegan } from '../rundir/never-began.js'
import type { Store } from '../store/contract.js'
import { composedRegistry } from '../store/registry/composed-registry.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import { storeRegistry } from '../store/registry/store-registry.js'
import type { InstanceRow, Registry } from '../record/instance-row.js'
import { ttlSecondsOf } from '../store/retention.js'
import { specLocation } from '../store/spec-url.js'
import { Adopter } from '../ship/adopter.js'
import type { Recorder } from './recorder.js'
import { LateEndpoint } from './late-endpoint.js'
import { RunQuestions } from './run-questions.js'
import { Shipper } from '../ship/shipper.js'
import type { WorkerSettings } from './worker-protocol.js'

/** What a recorder is made of. */
export interface LocalRecorderOptions {
  readonly settings: WorkerSettings
  readonly runDir: string
  /** Another thread of this process has shipped the run before. */
  readonly again: boolean
  /**
   * Asks the request path to put every open hop into the log, and to mark it. It may resolve though it was
   * not done.
   */
  readonly sweep: () => Promise<void>
  /** What the log counts. */
  readonly counts: () => HopLogStats
  /** Since when the request path does not answer, milliseconds since the epoch; undefined when it does. */
  readonly blockedSince: () => Promise<number | undefined>
  readonly diagnostics: Diagnostics
}

/**
 * A recorder in this thread. It opens store and registry, ships the run, adopts what dead runs left, and
 * answers questions.
 */
export class LocalRecorder implements Recorder, OwnRecords {
  readonly store: Store
  private readonly options: LocalRecorderOptions
  private readonly registry: Registry
  private readonly registryStore: Store | undefined
  private readonly keys: ClusterKeys
  private shipper: Shipper | undefined
  private info: RunInfo | undefined
  private starting: Promise<void> | undefined
  private endpoint: LateEndpoint | undefined
  private questions: RunQuestions | undefined
  private adopter: Adopter | undefined
  private readonly closing = new AbortController()
  private runDir: string
  private described: RunInfo | undefined
  private stumbled = false

  constructor(options: LocalRecorderOptions) {
    this.options = options
    this.runDir = options.runDir
    const { settings } = options
    // Each thread has to know.
    if (settings.access === 'group') shareWithGroup(settings.dataDir)
    this.keys = clusterKeys(settings.key.secret, settings.key.given)
    const context = { dataDir: settings.dataDir, service: settings.service }
    this.store = isStore(settings.store) ? settings.store : openStore(settings.store, context)
    this.registryStore = openRegistryStore(settings, this.store)
    const keys = (): ClusterKeys => this.keys
    const files = fileRegistry(settings.dataDir, keys)
    this.registry =
      this.registryStore === undefined
        ? files
        : composedRegistry([files, storeRegistry(this.registryStore, settings.dataDir, keys)])
  }

  start(run: RunInfo): void {
    this.starting ??= this.open(run)
  }

  describe(run: RunInfo): void {
    this.described = run
    void this.starting?.then(() => this.shipper?.describe(run)).catch(() => undefined)
  }

  relocated(runDir: string): void {
    const former = this.shipper
    this.runDir = runDir
    if (former === undefined || this.info === undefined) return
    this.shipper = this.shipperOf(this.described ?? this.info, true)
    this.starting = former
      .close()
      .catch(() => undefined)
      .then(() => this.began())
  }

  requestThreadTurns(): void {
    // What needs to know has it from the other thread.
  }

  async flush(): Promise<void> {
    await this.starting
    await this.shipper?.flush()
  }

  stats(): ShipStats {
    const own = this.shipper?.stats() ?? { shipped: 0, errors: 0, dropped: 0, lagMillis: 0 }
    return { ...own, unshippedRuns: this.adopter?.unshippedRuns ?? 0 }
  }

  counters(): RunCounters {
    const { shipped, errors, dropped, lagMillis, unshippedRuns } = this.stats()
    const log = this.options.counts()
    return {
      appended: log.appended,
      shipped,
      shed: log.shed,
      dropped: log.dropped + dropped,
      errors: log.errors + errors,
      bytes: log.bytes,
      lagMillis,
      unshippedRuns,
    }
  }

  get busy(): boolean {
    return this.shipper?.busy === true
  }

  blockedSince(): Promise<number | undefined> {
    return this.options.blockedSince()
  }

  exiting(): void {
    // Nothing of it runs in another thread.
  }

  async close(): Promise<void> {
    this.closing.abort()
    await this.starting
    await this.adopter?.close()
    await this.questions?.close()
    await this.endpoint?.close()
    if (this.shipper === undefined) neverBegan(this.runDir, this.options.diagnostics)
    await this.shipper?.close().catch((error: unknown) => {
      this.options.diagnostics(
        'HOPTRACE_SHIP',
        `what could not be shipped stays in ${this.runDir}: ${String(error)}`,
      )
    })
    await this.registry.close().catch(() => undefined)
    await this.store.close().catch(() => undefined)
    await this.registryStore?.close().catch(() => undefined)
  }

  row(): InstanceRow {
    return this.running().row()
  }

  async lookup(id: HopId): Promise<Lookup> {
    await this.options.sweep()
    return this.running().lookup(id)
  }

  async unshipped(isWanted?: (record: RecordName) => boolean): Promise<readonly HopRecord[]> {
    await this.options.sweep()
    return this.running().unshipped(isWanted)
  }

  damage(): string | undefined {
    return this.running().damage()
  }

  private async began(): Promise<void> {
    if (!(await this.begin())) void this.retry()
  }

  private async open(run: RunInfo): Promise<void> {
    this.info = run
    const { settings, diagnostics } = this.options
    // Only an open level store knows which directory it is. A shared store may be away: every put asks again.
    if (!this.store.supports.shared) await this.store.open().catch(() => undefined)
    this.shipper = this.shipperOf(run, this.options.again)
    const { dataDir } = settings
    this.endpoint = new LateEndpoint({ own: this, registry: this.registry, dataDir, keys: this.keys })
    this.questions = new RunQuestions(this.endpoint, run, this.keys)
    this.adopter = new Adopter({
      dataDir,
      service: settings.service,
      registry: this.registry,
      keys: () => this.keys,
      store: this.store,
      storeUrl: specLocation(settings.store, settings).url,
      diagnostics,
    })
    await this.began()
  }

  /** The data directory takes files by now: its key is this run's, where it had none before. */
  private offerKey(): void {
    const { key, dataDir } = this.options.settings
    try {
      if (offerKey(key, dataDir)) return
    } catch {
      // The service was warned at its start.
      return
    }
    this.options.diagnostics(
      'HOPTRACE_KEY',
      `${dataDir} keeps another key by now: start the service again, or its records are not believed`,
    )
  }

  private shipperOf(run: RunInfo, again: boolean): Shipper {
    const { settings, diagnostics } = this.options
    return new Shipper({
      runDir: this.runDir,
      run: this.described ?? run,
      store: this.store,
      registry: this.registry,
      graceMillis: settings.graceMillis,
      again,
      unsaid: () => this.options.counts().unsaid,
      diagnostics,
      ttlSeconds: ttlSecondsOf(settings.store),
      maxBytes: settings.store.maxBytes ?? Infinity,
    })
  }

  /**
   * The data directory may become writable later: the log retries by itself, and so does shipping. If another
   * process considered the run dead and owns its directory, that directory stays: the log's writer notices it
   * and continues in a new one.
   */
  private async begin(): Promise<boolean> {
    try {
      await this.running().start()
      await this.questions?.listen(this.runDir)
      this.offerKey()
      return true
    } catch (error) {
      if (!this.stumbled)
        this.options.diagnostics(
          'HOPTRACE_SHIP',
          `shipping cannot begin, it is tried again: ${String(error)}`,
        )
      this.stumbled = true
      return false
    }
  }

  private async retry(): Promise<void> {
    const { signal } = this.closing
    const shipper = this.shipper
    do await sleep(timing.recorderStartMillis, undefined, { signal, ref: false }).catch(() => undefined)
    while (!signal.aborted && this.shipper === shipper && !(await this.begin()))
  }

  private running(): Shipper {
    if (this.shipper === undefined)
      throw new HoptraceError('HOPTRACE_CLOSED', 'this instance does not record')
    return this.shipper
  }
}

/**
 * The registry outside this host, in addition to its files; undefined if only this host needs to know the
 * instance.
 */
function openRegistryStore(settings: WorkerSettings, own: Store): Store | undefined {
  const { registry, store, dataDir, service } = settings
  if (registry !== undefined) {
    if (isStore(registry)) return registry
    return openRegistry(registry, { dataDir, service }) ?? openStore(registry, { dataDir, service })
  }
  if (isStore(store)) return own.supports.shared ? own : undefined
  return openRegistry(store, { dataDir, service })
}
