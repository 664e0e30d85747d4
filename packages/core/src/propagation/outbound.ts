import { fold64, isHopId, sealId } from '../id/index.js'
import type { HopId, TraceId } from '../id/index.js'
import type { ClusterKeys } from '../key/index.js'
import { TRACEPARENT, TRACESTATE } from './headers.js'
import { writeIntroduction, writeMember } from './member.js'
import { formatTraceparent } from './traceparent.js'
import { formatTracestate } from './tracestate.js'

/** The part of a hop that is sent to its callees. */
export interface OutboundContext {
  readonly traceId: TraceId
  readonly flags: number
  /** `InboundContext.tracestate` of the hop. */
  readonly tracestate: string
  /** The trace-id is the cluster's own, so that it may travel sealed. */
  readonly sealTrace: boolean
}

/** How ids travel. */
export interface WireRules {
  readonly keys: ClusterKeys
  /**
   * Seals ids between services as well, for systems in the chain that truncate trace-ids or sample by their
   * right-most bits.
   */
  readonly sealTraces: boolean
}

/** What a request to a callee carries. */
export interface SentContext {
  readonly headers: Readonly<Record<string, string>>
  /** The parent-id in `traceparent`: no other call of the cluster has it. */
  readonly parentId: string
  /** What the answer is bound to: the callee's id, or its sealed form for an introduction. */
  readonly asked: HopId
}

/**
 * The headers of a request that assigns `calleeId` to its callee.
 * @param trusted whether the target is known to belong to the cluster: any other target learns no id, and
 * first has to prove the key
 */
export function writeContext(
  context: OutboundContext,
  calleeId: HopId,
  { keys, sealTraces }: WireRules,
  trusted: boolean,
): SentContext {
  const { traceId, flags, tracestate } = context
  const parentId = fold64(calleeId)
  const seals = (sealTraces || !trusted) && context.sealTrace && isHopId(traceId)
  const asked = trusted ? calleeId : sealId(keys.seal, calleeId)
  const member = trusted ? writeMember(keys, calleeId, traceId, seals) : writeIntroduction(asked, seals)
  return {
    headers: {
      [TRACEPARENT]: formatTraceparent(seals ? sealId(keys.seal, traceId) : traceId, parentId, flags),
      [TRACESTATE]: formatTracestate(member, tracestate),
    },
    parentId,
    asked,
  }
}
