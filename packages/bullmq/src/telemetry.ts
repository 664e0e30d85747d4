import { AsyncLocalStorage } from 'node:async_hooks'
import { beginMessage, notRecorded, type Job, type OutboundMessage, type Tracer } from '@hoptrace/core'
import { contextOf, metadataOf } from './metadata.js'

/** Values of BullMQ's `SpanKind`. */
const PRODUCER = 3
const CONSUMER = 4

/** Names of BullMQ's `TelemetryAttributes`. */
const QUEUE = 'bullmq.queue.name'
const OPERATION = 'bullmq.queue.operation'
const recorded = ['bullmq.job.id', 'bullmq.job.name', 'bullmq.job.attempts.made']

/** Operations that add one job. */
const adding = new Set(['add', 'addNode'])

/** What BullMQ carries through its operations for us. */
export interface JobContext {
  /** The job that a worker processes. */
  readonly job?: Job
  /** The metadata that came with that job. A retry keeps it: it is the same message. */
  readonly received?: string
  /** The metadata for a job that is added; '' for none. */
  readonly sent?: string
}

type SpanAttributes = Readonly<Record<string, unknown>>

/** How messages of a queue are recorded. */
export interface BullmqOptions {
  /**
   * False if workers without a tracer process the jobs: the trace does not wait for them. @default true
   */
  readonly traced?: boolean
}

/** The text by which sender and worker name a queue. */
export const destinationOf = (queue: string): string => `bullmq://${queue}`

/**
 * BullMQ's `Telemetry`: its public interface for tracers. BullMQ begins a span for each operation, keeps our
 * context around it, and stores our metadata in the options of a job.
 */
export class BullmqTelemetry {
  readonly tracer: {
    startSpan(name: string, options?: { readonly kind: number }, context?: unknown): JobSpan
  }
  readonly contextManager: {
    with<A extends (...args: never[]) => unknown>(context: JobContext, fn: A): ReturnType<A>
    active(): JobContext
    getMetadata(context: JobContext): string
    fromMetadata(active: JobContext, metadata: string): JobContext
  }
  private readonly current = new AsyncLocalStorage<JobContext>()

  constructor(
    readonly hoptrace: Tracer,
    options: BullmqOptions,
  ) {
    this.tracer = { startSpan: (_, { kind } = { kind: 0 }) => new JobSpan(hoptrace, options, kind) }
    this.contextManager = {
      with: (context, fn) => {
        const run = (): ReturnType<typeof fn> => fn() as ReturnType<typeof fn>
        return this.current.run(context, () => (context.job === undefined ? run() : context.job.run(run)))
      },
      active: () => this.active,
      getMetadata: ({ sent, received }) => sent ?? received ?? '',
      fromMetadata: (_, metadata) => ({ received: metadata }),
    }
  }

  /** The worker's handler failed. Called while the job is the current one. */
  failed(error: unknown): void {
    this.active.job?.hop.fail(error)
  }

  /** The context of BullMQ's operation, unless the application has begun another hop in it. */
  private get active(): JobContext {
    const context = this.current.getStore()
    return context?.job !== undefined && context.job.hop === this.hoptrace.hop ? context : {}
  }
}

/** One operation of BullMQ. Adding a job is a call, processing one is a hop, and the rest is neither. */
class JobSpan {
  private queue = ''
  private operation = ''
  private message: OutboundMessage | undefined
  private job: Job | undefined
  private error: { readonly thrown: unknown } | undefined
  private completed = false

  constructor(
    private readonly hoptrace: Tracer,
    private readonly options: BullmqOptions,
    private readonly kind: number,
  ) {}

  setSpanOnContext(context: JobContext): JobContext {
    if (this.kind === PRODUCER) {
      if (adding.has(this.operation))
        this.message = beginMessage(this.hoptrace, { message: destinationOf(this.queue), ...this.options })
      return { ...context, sent: this.message === undefined ? '' : metadataOf(this.message.headers) }
    }
    if (this.kind !== CONSUMER) return context
    const { received } = context
    this.job = this.hoptrace.begin({
      name: this.queue,
      message: destinationOf(this.queue),
      headers: contextOf(received),
    })
    return { ...(received === undefined ? {} : { received }), ...(this.job && { job: this.job }) }
  }

  setAttribute(name: string, value: unknown): void {
    this.setAttributes({ [name]: value })
  }

  setAttributes(attributes: SpanAttributes): void {
    const { [QUEUE]: queue, [OPERATION]: operation } = attributes
    if (typeof queue === 'string') this.queue = queue
    if (typeof operation === 'string') this.operation = operation
    const known = recorded.filter((name) => attributes[name] !== undefined)
    if (known.length > 0)
      this.job?.hop.setAttributes(Object.fromEntries(known.map((name) => [name, attributes[name]])))
  }

  addEvent(name: string): void {
    if (name === 'job completed') this.completed = true
  }

  recordException(exception: unknown): void {
    this.error ??= { thrown: exception }
  }

  end(): void {
    try {
      if (this.error === undefined) this.message?.sent()
      else this.message?.failed(this.error.thrown)
      this.job?.end(this.completed ? undefined : (this.error ?? notDone))
    } catch {
      notRecorded(this.hoptrace)
    }
  }
}

/** A worker puts a job back that is delayed, rate-limited or waits for others: it will be processed again. */
const notDone = { thrown: { name: 'JobNotDone', message: 'the worker did not complete the job' } }
