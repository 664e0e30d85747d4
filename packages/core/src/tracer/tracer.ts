import { timing } from '../base/timing.js'
import { isStore } from '../store/contract.js'
import { reachOf } from '../store/open-store.js'
import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect, type InspectOptions } from 'node:util'
import { processDiagnostics } from '../base/diagnostics.js'
import { keepTicksFast } from '../base/ticks.js'
import { takeOffWrappers } from '../base/wrappers.js'
import { RemoteQuestions } from '../ask/remote-questions.js'
import { Hop } from '../hop/hop.js'
import { recordedDestination } from '../record/destination.js'
import { closedEarly } from '../record/record.js'
import { hideProperties, inspectAs, type Shown } from '../hop/shown.js'
import { unwatchListeners, watchListeners } from '../listen/listeners.js'
import type { HopId } from '../id/index.js'
import { clusterKeys, type ClusterKeys } from '../key/index.js'
import { normalizeOptions, type Settings, type TracerOptions } from '../settings/options.js'
import { readContext, type InboundContext, type RawHeaders } from '../propagation/index.js'
import type { Run } from './run.js'
import { Runs } from './runs.js'

/** Counts since the tracer was created. */
export interface TracerStats {
  /** Hops whose first entry is in the log. */
  readonly appended: number
  /** Hops that the store acknowledged. */
  readonly shipped: number
  /** Attributes and events left out under pressure. */
  readonly shed: number
  /** Hops that could not be kept. */
  readonly dropped: number
  /**
   * Failed writes of the log, failed puts of the store, and things given to a hop that could not be recorded.
   */
  readonly errors: number
  /** Bytes appended to the log. */
  readonly bytes: number
  /** Milliseconds between now and the time through which everything is in the store. */
  readonly lag: number
  /**
   * Dead runs in the data directory, of any service, that could not be shipped so far. `hoptrace instances`
   * says why.
   */
  readonly unshippedRuns: number
}

/** The options of `tracer.run`. */
export interface RunOptions {
  /** The name of the work: `nightly-report`, `orders.consumer`. Recorded like a route template. */
  readonly name: string
  /** `traceparent` and `tracestate` of the message that caused it, to continue that trace. */
  readonly headers?: RawHeaders
  /**
   * The topic or queue that the message came from, as its sender names it: `kafka://orders.placed`. The hop is
   * then in the log before `fn` runs.
   */
  readonly message?: string
}

/** The options of `tracer.begin`. */
export interface JobOptions extends RunOptions {
  /**
   * A caller waits for the answer, as in gRPC: the hop takes the id that its caller assigned, and the option `trust` says
   * whether it continues the trace. A message gets a new id, whatever its age. @default false
   */
  readonly isRequest?: boolean
  /** From `tracer.issueId()`: the hop's id if it begins a trace. */
  readonly newId?: HopId | undefined
}

/** The hop of a job or message whose end is not the end of one function. For adapters. */
export interface Job {
  readonly hop: Hop
  /** Runs `fn` with the hop as the current one. May be called several times. */
  run<T>(fn: () => T): T
  /** The work is done, or failed with an error. The first end counts. */
  end(error?: { readonly thrown: unknown }): void
}

const open = new Set<Tracer>()

/** The tracers of this process that have not been closed, in the order in which they were created. */
export const openTracers: ReadonlySet<Tracer> = open

/** One tracer a process and service: it begins hops, keeps the current one, and owns the log. */
export class Tracer {
  readonly service: string
  /** @internal */ readonly settings: Settings
  /** @internal */ readonly keys: ClusterKeys
  /** @internal */ readonly runs: Runs
  /** @internal Questions from other hosts, which only a given key lets in. */ readonly remoteQuestions:
    RemoteQuestions | undefined
  private readonly context = new AsyncLocalStorage<Hop>()
  private foundElsewhere: (() => Hop | undefined) | undefined
  private closing: Promise<void> | undefined
  private crashed: Crash | undefined
  private ended = false

  /** @internal Use `createTracer`. */
  constructor(settings: Settings) {
    keepTicksFast()
    this.settings = settings
    this.service = settings.service
    this.keys = clusterKeys(settings.key.secret, settings.key.given)
    this.remoteQuestions = this.keys.given ? new RemoteQuestions(settings.dataDir, this.keys) : undefined
    this.runs = new Runs(
      settings,
      { keys: this.keys, sealTraces: settings.wire === 'sealed' },
      this.remoteQuestions,
    )
    hideProperties(this, ['settings', 'keys', 'runs', 'remoteQuestions', 'context', 'foundElsewhere'])
    open.add(this)
    watchListeners(this.runs)
    process.on('uncaughtExceptionMonitor', this.onCrash)
    process.on('exit', this.onExit)
  }

  /** The hop of the request being handled, or undefined outside any. */
  get hop(): Hop | undefined {
    return this.context.getStore() ?? this.foundElsewhere?.()
  }

  /**
   * Runs `fn` as a hop without a framework: a job, a consumer. The hop closes when what `fn` returns settles;
   * an error is recorded and thrown on untouched.
   */
  run<T>(options: RunOptions, fn: () => T): T {
    const job = this.begin(options)
    if (job === undefined) return fn()
    try {
      const result = job.run(fn)
      if (result instanceof Promise) {
        return result.then(
          (value: unknown) => (job.end(), value),
          (thrown: unknown) => {
            job.end({ thrown })
            throw thrown
          },
        ) as T
      }
      job.end()
      return result
    } catch (thrown) {
      job.end({ thrown })
      throw thrown
    }
  }

  /**
   * Begins a hop without a framework that `end` closes, for work that is more than one function. Never
   * throws. Undefined if the tracer is closed or cannot begin the hop: the work continues without it.
   */
  begin(options: JobOptions): Job | undefined {
    const hop = this.beginJob(options)
    if (hop === undefined) return undefined
    return {
      hop,
      run: (fn) => this.enter(hop, fn),
      end: (error) => {
        if (error !== undefined && !hop.closed) hop.fail(error.thrown)
        hop.close({ status: null, route: hop.route, aborted: false })
      },
    }
  }

  /** An id that a hop of this instance may begin with: `newId` of `begin` and `beginUnframed`. For adapters. */
  issueId(): HopId {
    return this.runs.forJob().ids.next()
  }

  /**
   * Where else the current hop is found, if another library carries the context of a request. For adapters.
   * @param find asked for the current hop wherever this tracer has none of its own; must not throw
   */
  findHopBy(find: () => Hop | undefined): void {
    this.foundElsewhere = find
  }

  /**
   * This process consumes messages of a topic or queue (`kafka://orders.placed`). Say so when it subscribes:
   * resolvers then know whom to ask for a message that has not come yet. Never throws.
   */
  consumes(destination: string): void {
    if (!this.active) return
    try {
      this.runs.consumes(recordedDestination(String(destination)))
    } catch {
      this.currentRun.failed()
    }
  }

  /** Everything recorded so far is in the store when it resolves. Rejects when the store does not take it. */
  async flush(): Promise<void> {
    for (const run of this.runs.all) {
      if (run.info === undefined) continue
      run.sweep(0)
      await run.recorder.flush()
    }
  }

  /**
   * Ships the rest and closes files and store. Never rejects; records that could not be shipped stay in the
   * log for the next start. Open hops are shipped as they are, and their ends are not recorded, so close the
   * tracer after the server.
   */
  close(): Promise<void> {
    this.closing ??= this.shutDown()
    return this.closing
  }

  stats(): TracerStats {
    const total = {
      appended: 0,
      shipped: 0,
      shed: 0,
      dropped: 0,
      errors: 0,
      bytes: 0,
      lag: 0,
      unshippedRuns: 0,
    }
    for (const run of this.runs.all) {
      const log = run.log.stats()
      const ship = run.recorder.stats()
      total.appended += log.appended
      total.shipped += ship.shipped
      total.shed += log.shed
      total.dropped += log.dropped + ship.dropped
      total.errors += log.errors + ship.errors + run.failures
      total.bytes += log.bytes
      total.lag = Math.max(total.lag, ship.lagMillis)
      total.unshippedRuns = Math.max(total.unshippedRuns, ship.unshippedRuns)
    }
    return total
  }

  toJSON(): Shown {
    const { hop } = this
    return { service: this.service, id: hop?.id, trace: hop?.traceId }
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return inspectAs('Tracer', this.toJSON(), options)
  }

  /** @internal The run that hops begin in. */
  get currentRun(): Run {
    return this.runs.current
  }

  /** Whether it takes hops: until `close` is called. For adapters. */
  get active(): boolean {
    return this.closing === undefined
  }

  /** @internal Runs `fn` with `hop` as the current one, also in everything asynchronous that it starts. */
  enter<T>(hop: Hop, fn: () => T): T {
    return this.context.run(hop, fn)
  }

  /**
   * @internal Begins a hop from what the propagation read. `taken`: the id that it has because its caller
   * assigned it.
   */
  beginHop(run: Run, context: InboundContext, method: string | null, taken?: HopId): Hop {
    // Who takes up new work has survived what it caught.
    this.crashed = undefined
    return new Hop(run, context, method, taken)
  }

  private beginJob({ isRequest = false, newId, ...options }: JobOptions): Hop | undefined {
    if (!this.active) return undefined
    try {
      const run = this.runs.forJob()
      const context = readContext(options.headers ?? {}, {
        trusted: !isRequest || this.trustsUnknown(),
        nowNanos: run.ids.nowNanos(),
        keys: this.keys,
        anyAge: !isRequest,
      })
      // Before the hop exists, so that an error here leaves no open hop.
      const name = run.redaction.name('job', String(options.name))
      // A message may come again, and to several consumers, so each hop gets a new id.
      const assigned = isRequest ? context.hopId : undefined
      const own = context.traceId === undefined ? newId : undefined
      const hop = this.beginHop(run, context, null, assigned === undefined ? own : run.take(assigned))
      hop.routeSource = name
      if (isRequest && context.asked !== undefined) run.met(hop, context.asked, undefined)
      if (options.message !== undefined) run.took(hop, recordedDestination(String(options.message)))
      return hop
    } catch {
      this.currentRun.failed()
      return undefined
    }
  }

  /** May a caller whose address is not known continue a trace? */
  private trustsUnknown(): boolean {
    const { trust } = this.settings
    return typeof trust === 'function' ? trust({ address: undefined, port: undefined }) : trust === 'context'
  }

  private async shutDown(): Promise<void> {
    open.delete(this)
    if (unwatchListeners(this.runs)) takeOffWrappers()
    for (const run of this.runs.all) {
      run.stop()
      run.sweep(0)
      if (run.openHops > 0) run.log.crash(closedEarly)
      run.log.end()
    }
    await Promise.all(this.runs.all.map((run) => run.recorder.close()))
    this.remoteQuestions?.close()
    for (const run of this.runs.all) run.release()
    process.off('uncaughtExceptionMonitor', this.onCrash)
    process.off('exit', this.onExit)
  }

  private readonly onCrash = (error: unknown, origin: string): void => {
    const { name, message } = this.currentRun.redaction.error(error)
    this.crashed = { reason: `${origin}: ${name}: ${message}`, millis: performance.now() }
    // An application that catches the exception continues, and ends later for another reason.
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback())
      return
    this.recordEnd(this.crashed.reason)
  }

  private readonly onExit = (code: number): void => {
    this.recordEnd(this.ended ? undefined : exitReason(code, this.crashed))
    for (const run of this.runs.all) run.log.end()
    for (const run of this.runs.all) run.recorder.exiting(code)
  }

  /** The first reason counts, because an uncaught exception is followed by an exit. */
  private recordEnd(reason: string | undefined): void {
    for (const run of this.runs.all) {
      run.sweep(0)
      if (reason !== undefined && (run.openHops > 0 || this.crashed !== undefined)) run.log.crash(reason)
    }
    this.ended = true
  }
}

/** The last uncaught exception, cleared as soon as a new hop starts. */
interface Crash {
  readonly reason: string
  /** On the process's monotonic clock. */
  readonly millis: number
}

function exitReason(code: number, crashed: Crash | undefined): string {
  // Bun tells an unhandled rejection to nobody, and here has the code 0 for it.
  if ('bun' in process.versions && code === 0 && process.exitCode === undefined)
    return 'the process exited without a code, perhaps for an unhandled rejection'
  const exit = `the process exited with code ${code}`
  if (code === 0 || crashed === undefined) return exit
  if (performance.now() - crashed.millis > timing.crashExitMillis) return exit
  return `${exit}, after ${crashed.reason}`
}

/**
 * Creates the tracer of a process. Throws `TypeError` for mistakes of use; nothing else ever throws on the
 * request path.
 */
export function createTracer(options: TracerOptions): Tracer {
  const settings = normalizeOptions(options)
  if (!settings.key.given && isShared(settings)) {
    processDiagnostics(
      'HOPTRACE_KEY',
      'other hosts see the store, and no clusterKey is given: several hosts need one clusterKey, made by: hoptrace key',
    )
  }
  return new Tracer(settings)
}

/** Do other hosts read the registry rows of this service? */
function isShared({ store, registry }: Settings): boolean {
  return [store, registry].some(
    (one) => one !== undefined && (isStore(one) ? one.supports.shared : reachOf(one) === 'network'),
  )
}
