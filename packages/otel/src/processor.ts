import { context, SpanKind, trace, type Context } from '@opentelemetry/api'
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace-base'
import { notRecorded, untilLastTracerCloses, wrapShared, type Hop, type Tracer } from '@hoptrace/core'
import type { Arrivals } from './arrivals.js'
import type { HopIdGenerator } from './ids.js'
import { httpMethodOf, recorded, textOf } from './attributes.js'
import type { SpanCall, SpanCalls } from './span-call.js'
import { SpanHop } from './span-hop.js'
import { destinationOf, targetOf } from './target.js'

/** What of OpenTelemetry's spans is recorded. */
export interface SpanOptions {
  /**
   * Attributes of spans that are business keys, with the names of the keys: `{ 'order.id': 'orderId' }`. @default none
   */
  readonly keys?: Readonly<Record<string, string>>
  /** Which INTERNAL spans within a hop become events of it. @default all */
  readonly events?: (span: ReadableSpan) => boolean
}

/** What a span is of. */
interface Place {
  /** Undefined for spans below a hop that an adapter has begun. */
  readonly owner: SpanHop | undefined
  readonly hop: Hop
  call?: SpanCall
  /** Ends the hop of `owner`. */
  readonly isOwner?: boolean
}

/** Instrumentations of the OpenTelemetry project name their tracers like this. */
const instrumentation = /^@opentelemetry\/instrumentation-/

/**
 * Feeds the spans of OpenTelemetry to a tracer of hoptrace:
 *
 * - A SERVER or CONSUMER span is a hop. So is a root span of the application itself (a job).
 * - A CLIENT or PRODUCER span within a hop is a call of it, in the log when the span has started.
 * - An INTERNAL span within a hop is an event of it, when the span ends.
 * - An event of any of these spans is an event of the hop, in the log when `addEvent` returns.
 *
 * Nothing here throws; what could not be recorded is counted in `tracer.stats()`.
 */
export class HopSpanProcessor implements SpanProcessor {
  private readonly places = new WeakMap<object, Place>()
  private stopped = false

  constructor(
    private readonly tracer: Tracer,
    private readonly arrivals: Arrivals,
    private readonly ids: HopIdGenerator,
    private readonly calls: SpanCalls,
    private readonly options: SpanOptions,
  ) {
    tracer.findHopBy(() => this.placeIn(context.active())?.hop)
    processors.add(this)
    untilLastTracerCloses(() => processors.delete(this))
  }

  onStart(span: Span, parent: Context): void {
    if (this.stopped || !this.tracer.active) return
    this.guarded(() => {
      wrapShared(Object.getPrototypeOf(span) as object, 'addEvent', wrapAddEvent)
      const above = this.placeIn(parent)
      const owner = above === undefined ? this.begin(span, parent) : undefined
      // The member of the request's tracestate is for this hop, and not for its callees.
      const own = span.spanContext()
      if (own.traceState !== undefined) own.traceState = own.traceState.unset('hoptrace')
      const place = owner === undefined ? this.within(above) : { owner, hop: owner.hop, isOwner: true }
      if (place === undefined) return
      this.places.set(span, place)
      if (owner === undefined) {
        place.owner?.seenIn(parent)
        place.owner?.take(span)
        this.callOf(span, above?.call)
      }
    })
  }

  onEnd(span: ReadableSpan): void {
    const place = this.places.get(span)
    if (place === undefined) return
    this.guarded(() => {
      const { owner, hop, call, isOwner } = place
      if (isOwner === true) return owner?.end()
      owner?.take(span)
      if (call !== undefined) this.calls.end(span, call)
      else if (this.options.events?.(span) !== false) hop.event(span.name, eventOf(span))
    })
  }

  /** Everything recorded so far is in the store when it resolves. */
  forceFlush(): Promise<void> {
    return this.tracer.flush()
  }

  /** Records no further span. The tracer belongs to the application, which closes it. */
  async shutdown(): Promise<void> {
    this.stopped = true
    processors.delete(this)
  }

  /** The call of a span, begun if its attributes have come only after its start. For the propagator. */
  callIn(active: Context): SpanCall | undefined {
    const span = trace.getSpan(active)
    return span === undefined ? undefined : this.callOf(span as unknown as Span, undefined)
  }

  private callOf(span: Span, above: SpanCall | undefined): SpanCall | undefined {
    const place = this.places.get(span)
    if (place === undefined || place.call !== undefined || place.isOwner === true) return place?.call
    if (span.kind !== SpanKind.CLIENT && span.kind !== SpanKind.PRODUCER) return undefined
    const target = targetOf(span.kind, span.attributes)
    if (target === undefined) return undefined
    return (place.call = this.calls.begin(span, place.hop, target, above))
  }

  private placeIn(active: Context): Place | undefined {
    const span = trace.getSpan(active)
    return span === undefined ? undefined : this.places.get(span)
  }

  /** Of a span below another one, or of one in a hop that an adapter or `tracer.run` has begun. */
  private within(above: Place | undefined): Place | undefined {
    if (above !== undefined) return { owner: above.owner, hop: above.hop }
    const { hop } = this.tracer
    return hop === undefined ? undefined : { owner: undefined, hop }
  }

  private begin(span: Span, parent: Context): SpanHop | undefined {
    const { kind, attributes, instrumentationScope } = span
    const { traceId } = span.spanContext()
    const newId = this.ids.issued(traceId)
    const keys = this.options.keys ?? {}
    if (kind === SpanKind.SERVER) {
      const arrival = this.arrivals.take(attributes, newId)
      if (arrival === 'untraced') return undefined
      if (arrival !== undefined) return new SpanHop(span, arrival, keys)
    } else if (kind === SpanKind.INTERNAL) {
      if (this.tracer.hop !== undefined || instrumentation.test(instrumentationScope.name)) return undefined
    } else if (kind !== SpanKind.CONSUMER) return undefined
    const message = kind === SpanKind.CONSUMER ? destinationOf(attributes) : undefined
    if (message !== undefined) this.tracer.consumes(message)
    const job = this.tracer.begin({
      name: nameOf(span),
      headers: headersIn(parent),
      isRequest: kind === SpanKind.SERVER,
      newId,
      ...(message === undefined ? {} : { message }),
    })
    return job === undefined ? undefined : new SpanHop(span, job, keys)
  }

  /** An event was added to a span. */
  happened(span: Span, name: unknown, given: unknown): void {
    const place = this.places.get(span)
    if (place === undefined || !span.isRecording()) return
    this.guarded(() => {
      const hasAttributes = typeof given === 'object' && given !== null && !Array.isArray(given)
      const attributes =
        hasAttributes && !(given instanceof Date) ? (given as ReadableSpan['attributes']) : {}
      const { 'exception.stacktrace': _, ...kept } = attributes
      if (name === 'exception') place.owner?.failed(span, attributes)
      place.hop.event(String(name), kept)
    })
  }

  private guarded(work: () => void): void {
    try {
      work()
    } catch {
      notRecorded(this.tracer)
    }
  }
}

type AddEvent = (this: never, ...args: unknown[]) => unknown

/** All processors of this process that record: the class of spans is one for all. */
const processors = new Set<HopSpanProcessor>()

/** A processor does not learn of an event before its span has ended. */
function wrapAddEvent(original: () => AddEvent): AddEvent {
  return function (this: Span, ...args: unknown[]) {
    for (const one of processors) one.happened(this, args[0], args[1])
    return original().apply(this as never, args)
  }
}

/** What came with a request or a message: `extract` of the propagator has put it into the context. */
function headersIn(parent: Context): Record<string, string> {
  const remote = trace.getSpanContext(parent)
  if (remote?.isRemote !== true) return {}
  const flags = (remote.traceFlags & 0xff).toString(16).padStart(2, '0')
  const tracestate = remote.traceState?.serialize()
  return {
    traceparent: `00-${remote.traceId}-${remote.spanId}-${flags}`,
    ...(tracestate === undefined ? {} : { tracestate }),
  }
}

/** The name of an HTTP span may be a raw path. */
function nameOf({ name, attributes }: Span): string {
  const method = httpMethodOf(attributes)
  if (method === undefined) return name
  const route = textOf(attributes, 'http.route')
  return route === undefined ? method : `${method} ${route}`
}

function eventOf({ attributes, duration: [seconds, nanos] }: ReadableSpan): Record<string, unknown> {
  return { ...recorded(attributes), 'span.duration_ms': Math.round(seconds * 1e3 + nanos / 1e6) }
}
