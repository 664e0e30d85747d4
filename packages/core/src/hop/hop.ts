import { inspect, type InspectOptions } from 'node:util'
import type { HopId, TraceId } from '../id/types.js'
import { parentIdIn, type InboundContext } from '../propagation/index.js'
import { Call, type CallTarget } from './call.js'
import { cleanAttributes } from './attributes.js'
import type { HopHost } from './host.js'
import { limits, recordedText, truncate } from '../record/limits.js'
import type { Attributes, ErrorInfo } from '../record/record.js'
import type { OpenLink } from './open-link.js'
import { inspectAs, type Shown } from './shown.js'

/** A route's template, or a function of a framework that gives it once it is known, and may throw. */
export type RouteSource = string | (() => string | undefined) | undefined

/** How a hop ended, as its adapter saw it. */
export interface HopEnd {
  readonly status: number | null
  readonly route: string | null
  readonly aborted: boolean
}

/** The run that a hop belongs to: it keeps the list of open hops. */
export interface HopOwner extends HopHost {
  opened(hop: Hop): void
  closed(hop: Hop): void
  /** The caller of an open hop disconnected. */
  abandoned(hop: Hop): void
}

/**
 * One service instance handling one request. Application code gets it as `tracer.hop`.
 * No method throws, waits or blocks on a store; what cannot be recorded is counted in `tracer.stats()`.
 */
export class Hop {
  readonly id: HopId
  readonly traceId: TraceId
  readonly service: string
  /** @internal */ readonly startNanos: bigint
  /** @internal */ readonly method: string | null
  /** @internal The id that the caller assigned and that is not this hop's, nor made of the same stamp. */ readonly assignedId: HopId | null
  /** @internal Belongs to the log. */ logNumber = 0
  /** @internal Belongs to the log. */ loggedRoute: string | null = null
  /** @internal Belongs to the log. */ rerouted = false
  /** @internal Belongs to the log. */ loggedEntries = 0
  /** @internal The route's template, or a function that finds it. Set by the adapter that began the hop. */
  routeSource: RouteSource = undefined
  /** @internal Milliseconds on the process's monotonic clock when it began. */ readonly startMillis: number
  /**
   * @internal Set when the caller went away: since when, and what closes the hop if its handler never
   * answers.
   */
  abandoned: { readonly millis: number; readonly finish: () => void } | undefined

  /** @internal Belong to the host: its open hops are lists. */
  older: OpenLink | undefined
  /** @internal */
  newer: OpenLink | undefined

  readonly #host: HopOwner
  readonly #context: InboundContext
  private error: ErrorInfo | null = null
  private end: HopEnd | undefined
  private durationMicros = 0
  private calls = 0
  /** The calls that have not ended, by their parent-id. Most hops call nothing. */
  private pendingCalls: Map<string, Call> | undefined
  private events = 0
  private keys = 0
  private attributeCount = 0
  private shed = 0

  /**
   * @internal Hops are begun by adapters and `tracer.run`.
   * @param taken the id that it has because its caller assigned it; without one it issues its own
   */
  constructor(host: HopOwner, context: InboundContext, method: string | null, taken: HopId | undefined) {
    const { ids } = host
    this.#host = host
    this.#context = context
    this.service = host.service
    this.id = taken ?? ids.next()
    this.assignedId = context.assignedId ?? (taken === undefined ? (context.hopId ?? null) : null)
    this.traceId = context.traceId ?? this.id
    // Directly after `next`, `lastNanos` is the time in the id.
    this.startNanos = taken === undefined ? ids.lastNanos : ids.nowNanos()
    this.method = method
    this.startMillis = performance.now()
    host.opened(this)
  }

  /** @internal */
  get parentSpan(): string | null {
    return this.#context.parentSpan ?? null
  }

  /** @internal */
  get link(): string | null {
    return this.#context.link ?? null
  }

  /** @internal */
  get flags(): number {
    return this.#context.flags
  }

  /** @internal The route's template, if it is known yet. */
  get route(): string | null {
    const { routeSource } = this
    try {
      const template = typeof routeSource === 'function' ? routeSource() : routeSource
      return typeof template === 'string' ? truncate(template, limits.routeChars) : null
    } catch {
      return null
    }
  }

  /** @internal Members of `tracestate` that are not ours, in order, to be passed on. */
  get tracestate(): string {
    return this.#context.tracestate
  }

  /** @internal The trace-id is the cluster's own. */
  get sealTrace(): boolean {
    return this.#context.sealedTrace || this.#context.traceId === undefined
  }

  /** Whether it has answered. Events and calls may still follow, if work continues after the response. */
  get closed(): boolean {
    return this.end !== undefined
  }

  /**
   * Records a named point: `payment.captured`. It is in the log when this returns. Values other than text,
   * numbers and booleans become text.
   */
  event(name: string, attributes?: Readonly<Record<string, unknown>>): void {
    if (this.events >= limits.events) {
      this.shed++
      return
    }
    this.events++
    this.guard(() => {
      const text = this.#host.redaction.name('event', String(name))
      if (text === undefined) return
      this.#host.log.event(this, truncate(text, 128), this.offsetMicros(), this.clean(attributes))
      this.settle()
    })
  }

  /**
   * Makes the trace findable by a business key: `setKey('orderId', '42')`. It is in the log when this
   * returns. At most 16 a hop.
   */
  setKey(name: string, value: string | number | bigint): void {
    if (this.keys >= limits.keys) {
      this.shed++
      return
    }
    this.keys++
    this.guard(() => {
      const text = this.#host.redaction.key(String(name), String(value))
      if (text === undefined) return
      const keyName = recordedText(String(name), limits.keyNameChars)
      this.#host.log.key(this, keyName, recordedText(text, limits.keyValueChars))
      this.settle()
    })
  }

  /** Adds attributes; the same name replaces. At most 64 a hop. */
  setAttributes(attributes: Readonly<Record<string, unknown>>): void {
    this.guard(() => {
      const clean = this.clean(attributes)
      const count = Object.keys(clean).length
      if (this.attributeCount + count > limits.attributes) {
        this.shed += count
        return
      }
      this.attributeCount += count
      this.#host.log.attributes(this, clean)
      this.settle()
    })
  }

  /** Records why it failed; the first error of a hop stays. The error itself is not touched. */
  fail(error: unknown): void {
    this.error ??= this.#host.redaction.error(error)
  }

  /**
   * Begins an outgoing request: set `headers` on it, call `end` with what came of it. The call is in the log
   * when this returns, so send the request afterwards. For clients without an adapter.
   */
  call(target: CallTarget): Call {
    const index = this.calls++
    const call = new Call(this, this.#host, index, target, index < limits.calls)
    ;(this.pendingCalls ??= new Map()).set(call.parentId, call)
    return call
  }

  /** The calls that have not ended, oldest first. For adapters that see a request which another adapter may have recorded. */
  get openCalls(): Iterable<Call> {
    return this.pendingCalls?.values() ?? []
  }

  /** @internal Was the request with this header recorded as a call, which has not ended? */
  isCalling(traceparent: string): boolean {
    const call = this.pendingCalls?.get(parentIdIn(traceparent))
    return call !== undefined && withoutFlags(call.traceparent) === withoutFlags(traceparent)
  }

  /** @internal The adapter saw the end. Before the last byte leaves. A second end is ignored. */
  close(end: HopEnd): void {
    if (this.end !== undefined) return
    this.end = end
    // The timer of an idle connection keeps its last hop, which must not keep the framework's request.
    this.routeSource = end.route ?? undefined
    this.durationMicros = this.offsetMicros()
    this.writeClose()
    this.#host.closed(this)
    this.settle()
  }

  /**
   * @internal It did not begin, after all: nothing would have closed it. Before anything of it is in the log.
   */
  withdraw(): void {
    this.end ??= { status: null, route: null, aborted: true }
    this.#host.closed(this)
  }

  /** @internal Its caller went away: `finish` closes it if its handler never answers. */
  abandon(finish: () => void): void {
    if (this.abandoned !== undefined) return
    this.abandoned = { millis: performance.now(), finish }
    this.#host.abandoned(this)
  }

  /** @internal */
  callEnded(call: Call): void {
    this.pendingCalls?.delete(call.parentId)
    this.settle()
  }

  /** @internal Microseconds since it began, on the monotonic clock. */
  offsetMicros(): number {
    return Math.max(0, Math.round((performance.now() - this.startMillis) * 1000))
  }

  toJSON(): Shown {
    return { id: this.id, trace: this.traceId, service: this.service }
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return inspectAs('Hop', this.toJSON(), options)
  }

  private clean(attributes: Readonly<Record<string, unknown>> | undefined): Attributes {
    return this.#host.redaction.attributes(cleanAttributes(attributes))
  }

  private writeClose(): void {
    const { status, route, aborted } = this.end ?? { status: null, route: null, aborted: false }
    const { durationMicros, error, shed } = this
    try {
      this.#host.log.close(this, { durationMicros, route, status, error, aborted, shed })
    } catch {
      this.#host.failed()
    }
  }

  /**
   * A closed hop whose calls have all ended no longer needs its log number. Work after the response (an
   * event, a call, a call's end) has opened a continuation, or still uses the number. The hop is then closed
   * again, and readers fold the versions.
   */
  private settle(): void {
    if (this.end === undefined || (this.pendingCalls?.size ?? 0) > 0) return
    if (this.settledOnce) this.writeClose()
    this.settledOnce = true
    // A hop that was dropped whole stays so.
    if (this.logNumber > 0) this.logNumber = 0
    this.calls = 0
  }

  private settledOnce = false

  private guard(work: () => void): void {
    try {
      work()
    } catch {
      this.#host.failed()
    }
  }
}

/** An adapter may have to send the flags in another form. */
const withoutFlags = (traceparent: string): string => traceparent.slice(0, traceparent.lastIndexOf('-'))
