import {
  trace,
  type Context,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import type { Arrivals } from './arrivals.js'
import type { HopSpanProcessor } from './processor.js'

/**
 * W3C Trace Context, with the member of hoptrace in `tracestate`: a callee takes the id that its caller has assigned. Trace-ids are
 * sealed where hoptrace seals them.
 */
export class HopPropagator implements TextMapPropagator {
  private readonly w3c = new W3CTraceContextPropagator()

  constructor(
    private readonly processor: Pick<HopSpanProcessor, 'callIn'>,
    private readonly arrivals: Arrivals,
  ) {}

  /** Outside a call of a hop it writes what the W3C propagator writes. */
  inject(active: Context, carrier: unknown, setter: TextMapSetter): void {
    const made = this.processor.callIn(active)
    if (made === undefined) return this.w3c.inject(active, carrier, setter)
    // The adapter that recorded the request sets the headers.
    if (made.byAdapter) return
    const { traceparent = '', ...others } = made.call.headers
    const isSampled = ((trace.getSpanContext(active)?.traceFlags ?? 0) & 1) === 1
    setter.set(carrier, 'traceparent', traceparent.slice(0, -2) + (isSampled ? '01' : '00'))
    for (const [name, value] of Object.entries(others)) setter.set(carrier, name, value)
  }

  /** The trace of a request of a `node:http` server is the one that its hop continues, or none. */
  extract(active: Context, carrier: unknown, getter: TextMapGetter): Context {
    const extracted = this.w3c.extract(active, carrier, getter)
    const hop = this.arrivals.ofHeaders(carrier)?.hop
    const remote = trace.getSpanContext(extracted)
    if (hop === undefined || remote === undefined) return extracted
    if (hop.traceId === hop.id) return trace.deleteSpan(extracted)
    return trace.setSpanContext(extracted, { ...remote, traceId: hop.traceId })
  }

  fields(): string[] {
    return this.w3c.fields()
  }
}
