import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Diagnostics } from '../diagnostics.js'
import { HoptraceError, isStoreLocked } from '../errors.js'
import type { HopRecord } from '../hop/record.js'
import type { HopId } from '../id/types.js'
import { clusterKeys, type ClusterKeys } from '../key/index.js'
import type { RunInfo } from '../log/entries.js'
import { isStore } from '../options.js'
import type { OwnRecords } from '../resolve/endpoint.js'
import type { Lookup } from '../resolve/lookup.js'
import type { Store } from '../store/contract.js'
import { hbaseRegistrySpec } from '../store/hbase/open-hbase.js'
import { composedRegistry, fileRegistry, openStore, storeRegistry } from '../store/index.js'
import type { InstanceRow, Registry } from '../store/instance-row.js'
import { specLocation } from '../store/spec-url.js'
import { Adopter } from './adopter.js'
import { deleteRunDir } from './dead-runs.js'
import type { Recorder, ShipStats } from './recorder.js'
import { RunEndpoint } from './run-endpoint.js'
import { RunQuestions } from './run-questions.js'
import { acquireRunLock, type RunLock } from './run-lock.js'
import { Shipper } from './shipper.js'
import type { WorkerSettings } from './worker-protocol.js'

const retryMillis = 5000

/** What a recorder is made of. */
export interface LocalRecorderOptions {
  readonly settings: WorkerSettings
  readonly runDir: string
  /** Asks the request path to put every open hop into the log, and to mark it. */
  readonly sweep: () => Promise<void>
  /** Asks the request path to go on in another directory. */
  readonly relocate: (runDir: string) => Promise<void>
  readonly diagnostics: Diagnostics
}

/** A recorder in this thread. It opens store and registry, ships the run, adopts what dead runs left, and answers questions. */
export class LocalRecorder implements Recorder, OwnRecords {
  readonly store: Store
  private readonly options: LocalRecorderOptions
  private readonly registry: Registry
  private readonly registryStore: Store | undefined
  private readonly keys: ClusterKeys
  private shipper: Shipper | undefined
  private starting: Promise<void> | undefined
  private endpoint: RunEndpoint | undefined
  private questions: RunQuestions | undefined
  private sweeping: Promise<void> | undefined
  private adopter: Adopter | undefined
  private readonly closing = new AbortController()
  private runDir: string
  private described: RunInfo | undefined
  private stumbled = false
  /** Taken before there is anything to ship: who is killed by its first request is known to be dead at once. */
  private readonly lock: Promise<RunLock | undefined>

  constructor(options: LocalRecorderOptions) {
    this.options = options
    this.runDir = options.runDir
    this.lock = acquireRunLock(options.runDir, true).catch(() => undefined)
    const { settings } = options
    this.keys = clusterKeys(settings.key.secret, settings.key.given)
    const context = { dataDir: settings.dataDir, service: settings.service }
    this.store = isStore(settings.store) ? settings.store : openStore(settings.store, context)
    this.registryStore = openRegistryStore(settings, this.store)
    const files = fileRegistry(settings.dataDir)
    this.registry =
      this.registryStore === undefined ? files : composedRegistry([files, storeRegistry(this.registryStore)])
  }

  start(run: RunInfo): void {
    this.starting ??= this.open(run)
  }

  describe(run: RunInfo): void {
    this.described = run
    void this.starting?.then(() => this.shipper?.describe(run)).catch(() => undefined)
  }

  async flush(): Promise<void> {
    await this.starting
    await this.shipper?.flush()
  }

  stats(): ShipStats & Readonly<Record<string, number>> {
    const { shipped, errors, dropped, lagMillis } = this.shipper?.stats() ?? {
      shipped: 0,
      errors: 0,
      dropped: 0,
      lagMillis: 0,
    }
    return { shipped, errors, dropped, lagMillis }
  }

  async close(): Promise<void> {
    this.closing.abort()
    await this.starting
    await this.adopter?.close()
    await this.questions?.close()
    await this.endpoint?.close()
    if (this.shipper === undefined) await this.neverBegan()
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
    await this.sweep()
    return this.running().lookup(id)
  }

  async unshipped(): Promise<Iterable<HopRecord>> {
    await this.sweep()
    return this.running().unshipped()
  }

  private async open(run: RunInfo): Promise<void> {
    const { settings, diagnostics } = this.options
    // Only an open level store knows which directory it is. A shared store may be away: every put asks again.
    if (!this.store.supports.shared) await this.store.open().catch(() => undefined)
    this.shipper = this.shipperOf(run)
    const { dataDir } = settings
    this.endpoint = new RunEndpoint({ own: this, registry: this.registry, dataDir, keys: this.keys })
    this.questions = new RunQuestions(this.endpoint.live, run, this.keys)
    this.adopter = new Adopter({
      dataDir,
      service: settings.service,
      registry: this.registry,
      store: this.store,
      storeUrl: specLocation(settings.store, settings).url,
      diagnostics,
    })
    if (!(await this.begin(run))) void this.retry(run)
  }

  private shipperOf(run: RunInfo, moved = false): Shipper {
    const { settings, diagnostics } = this.options
    const ttlSeconds =
      isStore(settings.store) || settings.store.kind === 'memory' ? undefined : settings.store.ttlSeconds
    return new Shipper({
      runDir: this.runDir,
      run: this.described ?? run,
      store: this.store,
      registry: this.registry,
      graceMillis: settings.graceMillis,
      moved,
      ...(this.runDir === this.options.runDir ? { lock: this.lock } : {}),
      diagnostics,
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    })
  }

  /**
   * The data directory may not be writable now and be so later: the log tries again by itself, and so does shipping. A
   * directory that somebody else owns (who took the run for dead when it had been stopped before it took its lock) stays
   * theirs, and the run goes on in a fresh one.
   */
  private async begin(run: RunInfo): Promise<boolean> {
    try {
      await this.running().start()
      await this.questions?.listen(this.runDir)
      return true
    } catch (error) {
      const taken = isStoreLocked(error)
      if (taken) await this.moveOn(run)
      const then = taken ? `the run goes on in ${this.runDir}` : 'it is tried again'
      if (taken || !this.stumbled)
        this.options.diagnostics('HOPTRACE_SHIP', `shipping cannot begin, ${then}: ${String(error)}`)
      this.stumbled = true
      return taken && (await this.begin(run))
    }
  }

  private async moveOn(run: RunInfo): Promise<void> {
    const former = this.running()
    this.runDir = `${this.options.runDir}-${randomBytes(3).toString('hex')}`
    await this.options.relocate(this.runDir)
    this.shipper = this.shipperOf(run, true)
    await former.close()
  }

  private async retry(run: RunInfo): Promise<void> {
    const { signal } = this.closing
    do await sleep(retryMillis, undefined, { signal, ref: false }).catch(() => undefined)
    while (!signal.aborted && !(await this.begin(run)))
  }

  /** No hop ever began: what was made for the lock goes. */
  private async neverBegan(): Promise<void> {
    const lock = await this.lock
    await deleteRunDir(this.runDir).catch(() => undefined)
    await lock?.release()
  }

  private sweep(): Promise<void> {
    this.sweeping ??= this.options.sweep().finally(() => {
      this.sweeping = undefined
    })
    return this.sweeping
  }

  private running(): Shipper {
    if (this.shipper === undefined)
      throw new HoptraceError('HOPTRACE_CLOSED', 'this instance does not record')
    return this.shipper
  }
}

/** Where, beside the files of this host, an instance says who it is; undefined when only its host needs to know. */
function openRegistryStore(settings: WorkerSettings, own: Store): Store | undefined {
  const { registry, store, dataDir, service } = settings
  if (registry !== undefined) {
    if (isStore(registry)) return registry
    return openStore(registry.kind === 'hbase' ? hbaseRegistrySpec(registry) : registry, { dataDir, service })
  }
  if (isStore(store)) return own.supports.shared ? own : undefined
  return store.kind === 'hbase' ? openStore(hbaseRegistrySpec(store), { dataDir, service }) : undefined
}
