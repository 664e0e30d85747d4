import { Worker } from 'node:worker_threads'
import type { Diagnostics } from '../diagnostics.js'
import { HoptraceError, type HoptraceErrorCode } from '../errors.js'
import type { RunInfo } from '../log/entries.js'
import type { EndpointRequest, EndpointResponse } from '../resolve/endpoint.js'
import type { RecordedRun, Recorder, ShipStats } from './recorder.js'
import type { FromWorker, ToWorker, WorkerData, WorkerSettings } from './worker-protocol.js'

/** Started from sources in tests and in the demo, from `dist` everywhere else. */
const entry = new URL(
  import.meta.url.endsWith('.ts') ? './worker-source.mjs' : './worker.js',
  import.meta.url,
)
/** How long `close` waits for the worker to ship what is left. */
const closeMillis = 10_000
/** A worker that ended by itself is started again after this, then after twice as long, and so on up to a minute. */
const restartMillis = 1000

interface Waiting {
  readonly resolve: (message: FromWorker) => void
  readonly reject: (error: HoptraceError) => void
}

/**
 * A recorder in a worker thread: decoding, compression and the store never touch the request thread. A worker that ends by
 * itself (out of memory) is started again and goes on where the journal says.
 */
export class WorkerRecorder implements Recorder {
  private worker: Worker
  private data: WorkerData
  private readonly run: RecordedRun
  private readonly diagnostics: Diagnostics
  private readonly waiting = new Map<number, Waiting>()
  private info: RunInfo | undefined
  private lastId = 0
  private last: ShipStats = { shipped: 0, errors: 0, dropped: 0, lagMillis: 0 }
  private restarts = 0
  private closing = false
  private gone = false

  constructor(settings: WorkerSettings, run: RecordedRun, diagnostics: Diagnostics) {
    this.data = { settings, runDir: run.dir, endedThreads: [] }
    this.run = run
    this.diagnostics = diagnostics
    this.worker = this.spawn()
  }

  start(run: RunInfo): void {
    this.info = run
    this.post({ type: 'start', run })
  }

  async flush(): Promise<void> {
    await this.ask((id) => ({ type: 'flush', id }))
  }

  stats(): ShipStats {
    return this.last
  }

  async handle(request: EndpointRequest, signal: AbortSignal): Promise<EndpointResponse> {
    const id = ++this.lastId
    const head = await this.ask(() => ({ type: 'handle', id, request }), id)
    if (head.type !== 'head') throw gone()
    signal.addEventListener('abort', () => this.cancel(id), { once: true })
    return { status: head.status, headers: head.headers, body: this.chunks(id, signal) }
  }

  async close(): Promise<void> {
    this.closing = true
    if (this.gone) return
    const timer = setTimeout(() => void this.worker.terminate(), closeMillis)
    // A process that waits for its tracer to close must not end before.
    this.worker.ref()
    const exit = new Promise((resolve) => this.worker.once('exit', resolve))
    await this.ask((id) => ({ type: 'close', id })).catch(() => undefined)
    await exit
    clearTimeout(timer)
  }

  private async *chunks(id: number, signal: AbortSignal): AsyncGenerator<string> {
    try {
      for (;;) {
        if (signal.aborted) return
        const message = await this.ask(() => ({ type: 'next', id }), id)
        if (message.type !== 'chunk' || message.text === null) return
        yield message.text
      }
    } finally {
      this.cancel(id)
    }
  }

  private cancel(id: number): void {
    this.waiting.get(id)?.resolve({ type: 'chunk', id, text: null })
    this.waiting.delete(id)
    if (!this.gone) this.post({ type: 'cancel', id })
  }

  private ask(make: (id: number) => ToWorker, id = ++this.lastId): Promise<FromWorker> {
    if (this.gone) return Promise.reject(this.closing ? gone() : ended())
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      // Somebody waits for the answer: the process stays until it is there.
      if (this.waiting.size === 1) this.worker.ref()
      this.post(make(id))
    })
  }

  private receive(message: FromWorker): void {
    switch (message.type) {
      case 'stats':
        this.last = message.stats
        return
      case 'warning':
        return this.diagnostics(message.code, message.message)
      case 'sweep':
        this.run.sweep(0)
        return this.post({ type: 'swept', id: message.id })
      case 'relocate':
        this.run.relocate(message.runDir)
        // A worker that is started again begins there.
        this.data = { ...this.data, runDir: message.runDir }
        return this.post({ type: 'relocated', id: message.id })
      default: {
        const waiting = this.waiting.get(message.id)
        this.waiting.delete(message.id)
        if (this.waiting.size === 0) this.worker.unref()
        if (message.type === 'done' && message.error !== undefined) {
          waiting?.reject(new HoptraceError(message.error.code as HoptraceErrorCode, message.error.message))
        } else waiting?.resolve(message)
      }
    }
  }

  private post(message: ToWorker): void {
    if (!this.gone) this.worker.postMessage(message)
  }

  private spawn(): Worker {
    const worker = new Worker(entry, { workerData: this.data, name: 'hoptrace' })
    this.data = { ...this.data, endedThreads: [...this.data.endedThreads, worker.threadId] }
    worker.unref()
    worker.on('message', (message: FromWorker) => this.receive(message))
    worker.on('error', (error) => {
      this.diagnostics('HOPTRACE_WORKER', `shipping pauses, records stay in the log: ${String(error)}`)
    })
    worker.on('exit', () => this.exited())
    return worker
  }

  private exited(): void {
    this.gone = true
    for (const { reject } of this.waiting.values()) reject(this.closing ? gone() : ended())
    this.waiting.clear()
    if (this.closing) return
    setTimeout(() => this.restart(), Math.min(60_000, restartMillis * 2 ** this.restarts++)).unref()
  }

  private restart(): void {
    if (this.closing) return
    this.gone = false
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
