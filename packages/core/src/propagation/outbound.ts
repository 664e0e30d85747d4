import { fold64 } from '../id/index.js'
import type { HopId, TraceId } from '../id/index.js'
import { TRACEPARENT, TRACESTATE } from './headers.js'
import { formatTraceparent } from './traceparent.js'
import { formatTracestate } from './tracestate.js'

/** What of a hop goes on to its callees. */
export interface OutboundContext {
  readonly traceId: TraceId
  readonly flags: number
  /** `InboundContext.tracestate` of the hop. */
  readonly tracestate: string
}

/** The headers of a request to a callee that is asked to take `calleeId`. */
export function writeContext(context: OutboundContext, calleeId: HopId): Record<string, string> {
  return {
    [TRACEPARENT]: formatTraceparent(context.traceId, fold64(calleeId), context.flags),
    [TRACESTATE]: formatTracestate(calleeId, context.tracestate),
  }
}
