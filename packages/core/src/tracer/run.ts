import { timing } from '../base/timing.js'
import type { RunInfo } from '../rundir/run-info.js'
import cluster from 'node:cluster'
import os from 'node:os'
import path from 'node:path'
import { isMainThread } from 'node:worker_threads'
import type { Diagnostics } from '../base/diagnostics.js'
import type { Hop, HopOwner } from '../hop/hop.js'
import { OpenHops } from '../hop/open-hops.js'
import { Redaction } from '../hop/redaction.js'
import { Targets } from '../hop/targets.js'
import type { WireRules } from '../propagation/index.js'
import { hopIdAddress, IdGenerator, rebaseId } from '../id/index.js'
import { clockNote, floorNanos } from '../rundir/clock-floor.js'
import { TakenIds } from '../id/taken-ids.js'
import type { HopId } from '../id/types.js'
import { namedPlace, ReachedAddresses } from '../listen/reached-addresses.js'
import { FileHopLog } from '../log/file-hop-log.js'
import type { Settings } from '../settings/options.js'
import type { RunAddress } from '../listen/run-address.js'
import type { Recorder } from '../recorder/recorder.js'
import { Intake } from './intake.js'
import { RunClock } from './run-clock.js'
import { runRow } from '../rundir/run-row.js'
import { keeps, ttlSecondsOf } from '../store/retention.js'
import { registerNow } from '../store/registry/file-registry.js'
import { bootId, claimRunDir, newRunName, nextRunDir, type OwnedRun, processToken } from '../rundir/index.js'

/**
 * What a row of the registry and a log hold at most; a host with more is found by what its callers dialled.
 */
const maxAliases = 256

/** One run of one instance: its ids, its log, its open hops, and the recorder that ships them. */
export class Run implements HopOwner {
  readonly service: string
  readonly ids: IdGenerator
  readonly log: FileHopLog
  dir: string
  readonly recorder: Recorder
  readonly wire: WireRules
  readonly redaction: Redaction
  readonly targets: Targets
  info: RunInfo | undefined
  failures = 0
  /** Has it the address of a listening socket? */
  listening = false

  private readonly settings: Settings
  private readonly startNanos: bigint
  private readonly open = new OpenHops()
  private readonly taken = new TakenIds()
  private readonly noteClock: (idNanos: bigint) => void
  private readonly clock: RunClock
  private readonly intake: Intake
  private answers = false
  private owned: OwnedRun | undefined
  private readonly reached = new ReachedAddresses()

  constructor(
    settings: Settings,
    wire: WireRules,
    diagnostics: Diagnostics,
    recorder: (run: Run) => Recorder,
  ) {
    this.settings = settings
    this.wire = wire
    this.redaction = new Redaction(settings.allowAttributes, settings.redact)
    this.targets = new Targets(settings.trustedTargets)
    this.service = settings.service
    this.ids = new IdGenerator({ worker: workerNumber(), floorNanos: floorNanos(settings, diagnostics) })
    this.noteClock = clockNote(settings, diagnostics)
    this.startNanos = this.ids.nowNanos()
    const name = newRunName(this.startNanos, process.pid)
    this.dir = path.join(settings.dataDir, 'logs', settings.service, name)
    // Before there is anything to ship: a process that its first request kills is known to be dead at once.
    this.guarded(() => this.claim(this.dir))
    this.log = new FileHopLog({
      runDir: this.dir,
      run: () => this.info as RunInfo,
      maxLogBytes: settings.maxLogBytes,
      maxEventBytes: settings.maxEventBytes,
      diagnostics,
      sign: (header) => wire.keys.mac('log', header),
      ownership: {
        claim: (runDir) => this.claim(runDir),
        held: () => this.owned?.held() === true,
        moveOn: () => this.relocate(nextRunDir(this.dir)),
      },
    })
    this.recorder = recorder(this)
    this.intake = new Intake(this.startNanos)
    this.clock = new RunClock({
      turn: (isMark) => {
        this.intake.look(this.ids.nowNanos())
        this.sweep(timing.sweepMillis, isMark)
        this.turned()
      },
      rest: () => {
        // Looks first: the next look is a second away, and what the mark says must not be older.
        this.intake.look(this.ids.nowNanos(), () => this.sweep(timing.sweepMillis))
        this.turned()
      },
      isBusy: () => !this.open.isSwept,
    })
  }

  /** Makes the run known under its address. Before the first hop. */
  start({ address, aliases, endpoint, listening }: RunAddress, storeUrl: string, buckets: number): void {
    this.ids.setAddress(address)
    this.listening = listening
    this.info = {
      service: this.service,
      address,
      aliases: aliases.slice(0, maxAliases),
      reached: [],
      boot: bootId(),
      worker: workerNumber(),
      startNanos: this.startNanos,
      host: os.hostname(),
      pid: process.pid,
      // A thread may end and leave its process: then that one's life says nothing.
      ...(isMainThread ? { process: processToken() } : {}),
      endpoint,
      storeUrl,
      buckets,
      windowMillis: this.settings.windowMillis,
    }
    this.register(this.info)
    this.recorder.start(this.info)
  }

  /**
   * Before the first hop: the recorder, in its own thread, would come too late for a request that ends this
   * process.
   */
  private register(info: RunInfo): void {
    try {
      const heartbeatMillis = Math.max(Date.now(), Number(info.startNanos / 1_000_000n))
      const nothingYet = {
        stores: [],
        loggedThrough: [0, 0],
        shippedThroughNanos: 0n,
        dropped: [],
        state: 'running',
        ...keeps(ttlSecondsOf(this.settings.store)),
      } as const
      const row = runRow(info, { runDir: this.dir, heartbeatMillis, ...nothingYet })
      registerNow(this.settings.dataDir, this.wire.keys, row)
    } catch {
      this.failed()
    }
  }

  /** Adds addresses of the run: another socket of the process listens. */
  addAddresses(addresses: readonly string[]): void {
    const { info } = this
    if (info === undefined) return
    this.listening = true
    const known = new Set([info.address, ...info.aliases])
    const fresh = addresses
      .filter((address) => !known.has(address))
      .slice(0, maxAliases - info.aliases.length)
    if (fresh.length > 0) this.describe({ ...info, aliases: [...info.aliases, ...fresh] })
  }

  /**
   * Requests of a server with this live endpoint are traced. The first such server is where the run is asked.
   */
  serves(endpoint: string | null): void {
    const { info } = this
    if (info === undefined || this.answers) return
    this.answers = true
    if (info.endpoint !== endpoint) this.describe({ ...info, endpoint })
  }

  private describe(info: RunInfo): void {
    this.info = info
    this.log.describe()
    this.recorder.describe(info)
  }

  /** `ip:port`, or nothing before it is known. */
  get address(): string {
    return this.info?.address ?? ''
  }

  get openHops(): number {
    return this.open.size
  }

  opened(hop: Hop): void {
    this.open.add(hop)
    if (this.clock.hopBegins()) this.turned()
  }

  closed(hop: Hop): void {
    this.open.remove(hop)
  }

  abandoned(hop: Hop): void {
    if (hop.logNumber === 0) this.guarded(() => this.log.open(hop))
    this.open.abandon(hop)
  }

  failed(): void {
    this.failures++
  }

  /**
   * The id that a hop takes of the one that its caller assigned. An assigned id names the address that was
   * dialled: one that is not this instance's is replaced by this instance's, so that no two instances take
   * one id. Undefined when the hop has to issue its own: this instance met the id before (a proxy sends a
   * request again with the same headers), or shares its address with other workers.
   * @param local the address of this host at which the request came in
   */
  take(assigned: HopId, local?: string): HopId | undefined {
    if (cluster.isWorker || !this.taken.add(assigned)) return undefined
    const dialled = hopIdAddress(assigned)
    const isOwn = !dialled.startsWith('127.') && this.owns(dialled)
    if (dialled === this.address || (dialled === local && isOwn)) return assigned
    return rebaseId(assigned, this.address)
  }

  /**
   * An assigned id of the cluster came in that names another address: a way that leads to this instance. The
   * way and the hop that came by it are in the log when this returns: a proxy gives its caller the same
   * answer for a process that died with a request and for one that was not there, so the log has to tell the
   * two apart.
   * @param host the request's `Host` header, for an id whose caller had not resolved the name
   */
  met(hop: Hop, assigned: HopId, host: string | undefined): void {
    const { info } = this
    const dialled = hopIdAddress(assigned)
    if (info === undefined || dialled === info.address || info.aliases.includes(dialled)) return
    const place = dialled.startsWith('0.0.0.0:') ? namedPlace(host, dialled) : dialled
    if (place !== undefined && this.reached.add(place))
      this.describe({ ...info, reached: this.reached.list() })
    this.log.open(hop)
  }

  /** The run consumes messages of this destination, so that resolvers ask it for them. */
  consumes(destination: string): void {
    if (this.info !== undefined && this.reached.add(destination))
      this.describe({ ...this.info, reached: this.reached.list() })
  }

  /**
   * The hop came by a message of this destination. It is in the log when this returns: a process that dies
   * with the message has left a record of it.
   */
  took(hop: Hop, destination: string): void {
    this.consumes(destination)
    this.log.open(hop)
  }

  /** Is it an address of a listening socket of this process, or the one that the operator says? */
  owns(address: string): boolean {
    return this.info !== undefined && (address === this.info.address || this.info.aliases.includes(address))
  }

  /**
   * Logs every hop that began more than `olderMillis` ago, and closes the abandoned ones. `mark`: also writes
   * a mark, which says that every hop that began before it is in the log, and that no request that had reached the
   * process before it is yet to begin.
   */
  sweep(olderMillis: number, mark = true): void {
    if (this.info === undefined) return
    try {
      const now = performance.now()
      const idNanos = this.ids.nowNanos()
      const through = idNanos - BigInt(olderMillis) * 1_000_000n
      this.open.expire(now - timing.abandonMillis, (hop) => hop.abandoned?.finish())
      this.open.sweep(
        // By either clock: after the time was set back, the clock of ids stops until the time has caught up.
        (hop) => hop.startNanos <= through || hop.startMillis <= now - olderMillis,
        (hop) => this.log.open(hop),
      )
      if (!mark) return
      const { throughNanos } = this.intake
      this.log.mark(throughNanos < through ? throughNanos : through)
      this.noteClock(idNanos)
    } catch {
      this.failed()
    }
  }

  /**
   * Moves to a new directory when another process has taken the old one. That process ships open hops as
   * `interrupted`, so we log every open hop again.
   */
  private relocate(dir: string): void {
    this.dir = dir
    this.log.relocate(dir)
    for (const hop of this.open) if (hop.logNumber > 0) this.log.open(hop)
    this.recorder.relocated(dir)
  }

  /** Makes the directory and owns it. Throws what the file system throws. */
  private claim(runDir: string): void {
    if (this.owned?.runDir === runDir && this.owned.held()) return
    this.owned?.release()
    this.owned = undefined
    this.owned = claimRunDir(runDir)
  }

  private guarded(work: () => void): void {
    try {
      work()
    } catch {
      this.failed()
    }
  }

  /** Stops the sweeps; open hops stay open in the log. */
  stop(): void {
    this.clock.stop()
  }

  private turned(): void {
    this.recorder.requestThreadTurns(this.clock.period)
  }

  /** Releases the directory, so that another process may ship the rest of it. */
  release(): void {
    this.owned?.release()
  }
}

function workerNumber(): number {
  return cluster.isWorker ? (cluster.worker?.id ?? 0) % 256 : 0
}
