import { timing } from '../base/timing.js'
import { pauseAfter } from '../base/back-off.js'
import type { ShipStats } from '../ship/ship-stats.js'
import type { RunInfo } from '../rundir/run-info.js'
import { isMainThread, Worker } from 'node:worker_threads'
import type { Diagnostics } from '../base/diagnostics.js'
import { HoptraceError, type HoptraceErrorCode } from '../base/errors.js'
import { endProcess } from '../ship/end-process.js'
import { neverBegan } from '../rundir/never-began.js'
import type { RecordedRun, Recorder } from './recorder.js'
import { SharedState } from '../ship/shared-state.js'
import { workerOptions } from './worker-options.js'
import type { FromWorker, ToWorker, WorkerData, WorkerSettings } from './worker-protocol.js'

const nothing: ShipStats = { shipped: 0, errors: 0, dropped: 0, lagMillis: 0, unshippedRuns: 0 }

interface Waiting {
  readonly resolve: (message: FromWorker) => void
  readonly reject: (error: HoptraceError) => void
}

/**
 * A recorder in a worker thread: decoding, compression and the store never touch the request thread. The worker starts with
 * the run, so that it takes no time from an application that is still loading. If it ends by itself (out of memory), a new one starts and
 * continues from the journal.
 */
export class WorkerRecorder implements Recorder {
  private worker: Worker | undefined
  private data: WorkerData
  private readonly run: RecordedRun
  private readonly diagnostics: Diagnostics
  private readonly shared = new SharedState()
  private periodMillis: number = timing.turnMillis
  private readonly waiting = new Map<number, Waiting>()
  private info: RunInfo | undefined
  private lastId = 0
  private last = nothing
  private heardAt = 0
  private startedAt = 0
  /** What the workers before this one did. */
  private former = nothing
  private restarts = 0
  private spawnedAt = 0
  /** A warning said that shipping pauses, and none yet that it continues. */
  private paused = false
  private closing = false
  private gone = false
  private stopped = (): void => undefined

  /** @param entry The file that the thread runs. */
  constructor(
    private readonly entry: URL,
    settings: WorkerSettings,
    run: RecordedRun,
    diagnostics: Diagnostics,
  ) {
    this.data = { settings, runDir: run.dir, again: false, memory: this.shared.memory }
    this.run = run
    this.diagnostics = diagnostics
  }

  start(run: RunInfo): void {
    if (this.closing) return
    this.info = run
    this.startedAt = performance.now()
    this.worker = this.spawn()
    this.post({ type: 'start', run })
  }

  describe(run: RunInfo): void {
    this.info = run
    this.post({ type: 'describe', run })
  }

  relocated(runDir: string): void {
    // A worker that is started again begins there.
    this.data = { ...this.data, runDir }
    this.post({ type: 'relocated', runDir })
  }

  requestThreadTurns(periodMillis: number): void {
    this.periodMillis = periodMillis
    this.shared.requestThreadTurns(this.run.log.stats(), periodMillis)
  }

  async flush(): Promise<void> {
    if (this.worker !== undefined) await this.ask((id) => ({ type: 'flush', id }))
  }

  stats(): ShipStats {
    const { last, former } = this
    return {
      shipped: former.shipped + last.shipped,
      errors: former.errors + last.errors,
      // Log and journal contain the drops, so the next worker finds them again.
      dropped: Math.max(former.dropped, last.dropped),
      lagMillis: this.lagMillis(),
      unshippedRuns: last.unshippedRuns,
    }
  }

  async close(): Promise<void> {
    this.closing = true
    const { worker } = this
    if (worker === undefined) return neverBegan(this.data.runDir, this.diagnostics)
    if (this.gone) return
    const stopped = new Promise<void>((resolve) => (this.stopped = resolve))
    const timer = setTimeout(() => void this.stop(worker), timing.closeMillis)
    // A process that waits for its tracer to close must not end before.
    worker.ref()
    worker.once('exit', () => this.stopped())
    void this.ask((id) => ({ type: 'close', id })).catch(() => undefined)
    await stopped
    clearTimeout(timer)
    worker.unref()
  }

  exiting(code: number): void {
    if (this.gone || !isMainThread || !this.shared.shippingThreadTurned()) return
    if (!this.shared.awaitShippingThread(timing.endMillis, () => this.post({ type: 'turn' })))
      endProcess(code)
  }

  /** The worker ends, or is abandoned. */
  private async stop(worker: Worker): Promise<void> {
    const timer = setTimeout(() => {
      this.stopped()
      // Node would wait for it for ever.
      if (isMainThread) process.on('exit', endProcess)
    }, timing.endMillis)
    await worker.terminate()
    process.off('exit', endProcess)
    clearTimeout(timer)
  }

  /** It grows on while nothing is heard, and from the run's start before the first word. */
  private lagMillis(): number {
    const now = performance.now()
    if (this.last.lagMillis > 0) return this.last.lagMillis + Math.round(now - this.heardAt)
    return this.info === undefined ? 0 : Math.round(now - this.startedAt)
  }

  private ask(make: (id: number) => ToWorker, id = ++this.lastId): Promise<FromWorker> {
    if (this.gone) return Promise.reject(this.closing ? gone() : ended())
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      // A caller waits for the answer, so the process must stay alive until it arrives.
      if (this.waiting.size === 1) this.worker?.ref()
      this.post(make(id))
    })
  }

  private receive(message: FromWorker): void {
    switch (message.type) {
      case 'stats':
        this.heard(message.stats)
        return this.goesOn()
      case 'warning':
        return this.diagnostics(message.code, message.message)
      case 'sweep':
        this.run.sweep(0)
        // Its counters may be a second old.
        this.requestThreadTurns(this.periodMillis)
        return this.post({ type: 'swept', id: message.id })
      default: {
        const waiting = this.waiting.get(message.id)
        this.waiting.delete(message.id)
        if (this.waiting.size === 0) this.worker?.unref()
        if (message.type === 'done' && message.error !== undefined) {
          waiting?.reject(new HoptraceError(message.error.code as HoptraceErrorCode, message.error.message))
        } else waiting?.resolve(message)
      }
    }
  }

  private post(message: ToWorker): void {
    if (!this.gone) this.worker?.postMessage(message)
  }

  private spawn(): Worker {
    const worker = new Worker(this.entry, { workerData: this.data, ...workerOptions() })
    worker.on('message', (message: FromWorker) => this.receive(message))
    // After the listener, which keeps the process: it ends when the application's work is done.
    worker.unref()
    this.spawnedAt = performance.now()
    let reason: string | undefined
    worker.on('error', (error) => (reason = String(error)))
    worker.on('exit', (code) => this.exited(reason ?? `its thread ended with code ${code}`))
    return worker
  }

  private exited(reason: string): void {
    this.gone = true
    const { shipped, errors, dropped, lagMillis, unshippedRuns } = this.stats()
    this.former = { ...nothing, shipped, errors: errors + (this.closing ? 0 : 1), dropped }
    this.heard({ ...nothing, lagMillis, unshippedRuns })
    for (const { reject } of this.waiting.values()) reject(this.closing ? gone() : ended())
    this.waiting.clear()
    if (this.closing) return
    if (!this.paused)
      this.diagnostics('HOPTRACE_WORKER', `shipping pauses, records stay in the log: ${reason}`)
    this.paused = true
    if (performance.now() - this.spawnedAt > timing.steadyMillis) this.restarts = 0
    const pause = pauseAfter(++this.restarts, {
      firstMillis: timing.restartMillis,
      longestMillis: timing.steadyMillis,
    })
    setTimeout(() => this.restart(), pause).unref()
  }

  private heard(stats: ShipStats): void {
    this.last = stats
    this.heardAt = performance.now()
  }

  private goesOn(): void {
    if (!this.paused) return
    this.paused = false
    this.diagnostics('HOPTRACE_WORKER', 'shipping continues')
  }

  private restart(): void {
    if (this.closing) return
    this.gone = false
    this.data = { ...this.data, again: true }
    this.worker = this.spawn()
    if (this.info !== undefined) this.post({ type: 'start', run: this.info })
  }
}

function ended(): HoptraceError {
  return new HoptraceError(
    'HOPTRACE_INSTANCE_UNAVAILABLE',
    'shipping has stopped and starts again; ask again',
  )
}

function gone(): HoptraceError {
  return new HoptraceError('HOPTRACE_CLOSED', 'the tracer is closed')
}
