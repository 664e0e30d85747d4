import { isError } from '../base/is-error.js'
import type { Call, ResponseHeaders } from '../hop/call.js'
import type { Hop } from '../hop/hop.js'
import type { Tracer } from '../tracer/tracer.js'

/** What a client adapter does with one attempt of a request. */
export interface OutboundCall {
  /** Set these on the request; they replace headers of the same names. */
  readonly headers: Readonly<Record<string, string>>
  /** The response came, to its end. */
  answered(status: number, headers: ResponseHeaders): void
  /** It did not, or broke off. The error is described, not touched. */
  failed(error: unknown): void
}

/** Where one attempt goes. */
export interface OutboundTarget {
  readonly method: string
  /** Whom it is for. */
  readonly url: string | URL
  /**
   * What is dialled in its place: a forward proxy (`host:port`) or a socket (`unix:/path`). @default the
   * URL's host
   */
  readonly via?: string
  /** The hop that sends it. @default the current one */
  readonly hop?: Hop | undefined
  /** The request's own header of this name: where an open call of the hop gave it, the request is recorded already. */
  readonly traceparent?: unknown
}

/**
 * Begins the call for one attempt of an outgoing request: each retry and each redirect is a separate call.
 * The call is in the log when this returns. `undefined` outside any hop, and for a request that is recorded already: the
 * request leaves untouched. Never throws.
 */
export function beginOutbound(tracer: Tracer, target: OutboundTarget): OutboundCall | undefined {
  const { hop = tracer.hop, traceparent } = target
  if (hop === undefined || !tracer.active) return undefined
  if (typeof traceparent === 'string' && hop.isCalling(traceparent)) return undefined
  try {
    return new Outbound(hop.call(target))
  } catch {
    tracer.currentRun.failed()
    return undefined
  }
}

class Outbound implements OutboundCall {
  readonly headers: Readonly<Record<string, string>>
  private readonly call: Call

  constructor(call: Call) {
    this.call = call
    this.headers = call.headers
  }

  answered(status: number, headers: ResponseHeaders): void {
    this.call.end(status, headers)
  }

  failed(error: unknown): void {
    this.call.end(isError(error) || typeof error === 'string' ? error : 'ERROR')
  }
}
