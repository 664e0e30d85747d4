import { fold64, isHopId, sealId } from '../id/index.js'
import type { HopId, SealKey, TraceId } from '../id/index.js'
import { TRACEPARENT, TRACESTATE } from './headers.js'
import { formatTraceparent } from './traceparent.js'
import { formatTracestate, SEALED_TRACE } from './tracestate.js'

/** What of a hop goes on to its callees. */
export interface OutboundContext {
  readonly traceId: TraceId
  readonly flags: number
  /** `InboundContext.tracestate` of the hop. */
  readonly tracestate: string
  /** The trace-id is the cluster's own, so that it may travel sealed. */
  readonly sealTrace: boolean
}

/** How ids travel between services. */
export interface WireRules {
  /** Seals our member of `tracestate`: who can do that belongs to the cluster. */
  readonly sealKey?: SealKey | undefined
  /** Seals the trace-id as well, for systems in the chain that truncate ids or sample by their right-most bits. */
  readonly sealTraces?: boolean
}

/** The headers of a request to a callee that is asked to take `calleeId`. */
export function writeContext(
  context: OutboundContext,
  calleeId: HopId,
  wire: WireRules = {},
): Record<string, string> {
  const { sealKey, sealTraces = false } = wire
  const { traceId, flags, tracestate } = context
  const parentId = fold64(calleeId)
  if (sealKey === undefined) {
    return {
      [TRACEPARENT]: formatTraceparent(traceId, parentId, flags),
      [TRACESTATE]: formatTracestate(calleeId, tracestate),
    }
  }
  const member = sealId(sealKey, calleeId)
  const seals = sealTraces && context.sealTrace && isHopId(traceId)
  return {
    [TRACEPARENT]: formatTraceparent(seals ? sealId(sealKey, traceId) : traceId, parentId, flags),
    [TRACESTATE]: formatTracestate(seals ? member + SEALED_TRACE : member, tracestate),
  }
}
