import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  beginUnframed,
  inboundOf,
  untilLastTracerCloses,
  type HopId,
  type InboundHop,
  type Tracer,
} from '@hoptrace/core'
import type { Attributes } from '@opentelemetry/api'
import { httpMethodOf } from './attributes.js'

/** A request of a `node:http` server, and its hop. */
export interface Arrival {
  readonly inbound: InboundHop
  readonly response: ServerResponse
}

interface Arriving {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Undefined until a span or the propagator asks for it. */
  inbound?: InboundHop | undefined
  /** A span has the trace of the hop. */
  isTold?: boolean
}

const channel = 'http.server.request.start'

/**
 * A span does not show its request, and OpenTelemetry ends the span of a server after the response has left. Node publishes a
 * request and its response directly before it emits them, and the instrumentation starts the span in that emit. So the newest
 * published request is the one of the span. Its hop begins and ends as with any adapter of hoptrace.
 */
export class Arrivals {
  private newest: Arriving | undefined

  constructor(private readonly tracer: Tracer) {
    const arrived = (message: unknown): void => {
      const { request, response } = message as Arriving
      this.newest = { request, response }
    }
    subscribe(channel, arrived)
    untilLastTracerCloses(() => {
      unsubscribe(channel, arrived)
      this.newest = undefined
    })
  }

  /** The hop of the request whose headers these are. The propagator asks before the span exists. */
  ofHeaders(headers: unknown): InboundHop | undefined {
    const { newest } = this
    return newest?.request.headers === headers ? this.begin(newest as Arriving) : undefined
  }

  /** The trace that has begun with a request whose span does not exist yet. Given once. */
  begunTrace(): string | undefined {
    const { newest } = this
    const hop = newest?.inbound?.hop
    if (newest === undefined || hop === undefined || newest.isTold === true) return undefined
    newest.isTold = true
    return hop.traceId === hop.id ? hop.traceId : undefined
  }

  /**
   * The request for which this span has just started; undefined if it is none of a `node:http` server, `untraced` if core
   * records no hop for it.
   */
  take(attributes: Attributes, newId: HopId | undefined): Arrival | 'untraced' | undefined {
    const { newest } = this
    const method = httpMethodOf(attributes)
    // Methods that are not in the HTTP standard are `_OTHER`.
    if (newest === undefined || (method !== newest.request.method && method !== '_OTHER')) return undefined
    this.newest = undefined
    const inbound = this.begin(newest, newId)
    return inbound === undefined ? 'untraced' : { inbound, response: newest.response }
  }

  /** A hook of the server or an adapter may have begun it. */
  private begin(arriving: Arriving, newId?: HopId): InboundHop | undefined {
    const { request, response } = arriving
    return (arriving.inbound ??= inboundOf(request) ?? beginUnframed(this.tracer, request, response, newId))
  }
}
