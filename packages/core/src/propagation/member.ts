import { fold64, hopIdNanos, isHopId, sealId, unsealId } from '../id/index.js'
import type { HopId, TraceId } from '../id/index.js'
import type { ClusterKeys } from '../key/index.js'
import { SEALED_TRACE } from './tracestate.js'

/**
 * Our member of `tracestate`:
 *
 *     <HopId>-<tag>              to a process of the cluster
 *     <sealed HopId>-<tag>;s     the same where the wire is sealed: the trace-id of `traceparent` is sealed as well
 *     ?<sealed HopId>            to an unknown target: it only asks the target to prove the key
 *     ?<sealed HopId>;s          the same, and the trace-id is sealed as well
 *
 * The tag binds the id to the trace under the key of the cluster.
 */
export interface Member {
  readonly id: HopId
  readonly traceId: TraceId
  /** The trace-id came sealed. */
  readonly sealedTrace: boolean
  /** An introduction: the sealed id, exactly as sent. Its sender may be any process that saw it. */
  readonly introduction: HopId | undefined
}

/** The result of reading a member: a valid one, one with another key, or none. */
export type ReadMember = Member | 'unknown-key' | undefined

const INTRODUCTION = '?'
const TAG_CHARS = 16
const MEMBER = /^[0-9a-f]{32}-[0-9a-f]{16}(;s)?$/
const INTRODUCED = /^\?[0-9a-f]{32}(;s)?$/

/** The member for a callee of the cluster. */
export function writeMember(keys: ClusterKeys, calleeId: HopId, traceId: TraceId, seals: boolean): string {
  const tag = keys.contextTag(calleeId, traceId)
  return seals ? `${sealId(keys.seal, calleeId)}-${tag}${SEALED_TRACE}` : `${calleeId}-${tag}`
}

/** The member for a target that has not proven the key. */
export function writeIntroduction(sealed: HopId, seals: boolean): string {
  return INTRODUCTION + sealed + (seals ? SEALED_TRACE : '')
}

/** Reads our member. Hostile: any text that the grammar of `tracestate` allows. */
export function readMember(
  keys: ClusterKeys,
  text: string,
  parent: { readonly traceId: string; readonly parentId: string },
): ReadMember {
  if (text.startsWith(INTRODUCTION)) return readIntroduction(keys, text, parent)
  if (!MEMBER.test(text)) return undefined
  const sealedTrace = text.endsWith(SEALED_TRACE)
  const first = text.slice(0, 32)
  const id = sealedTrace ? unsealId(keys.seal, first) : (first as HopId)
  const traceId = sealedTrace ? unsealId(keys.seal, parent.traceId) : parent.traceId
  if (id === undefined || traceId === undefined) return undefined
  if (!keys.provesContext(text.slice(33, 33 + TAG_CHARS), id, traceId)) return 'unknown-key'
  return isAssigned(id) ? { id, traceId, sealedTrace, introduction: undefined } : undefined
}

function readIntroduction(
  keys: ClusterKeys,
  text: string,
  parent: { readonly traceId: string; readonly parentId: string },
): ReadMember {
  if (!INTRODUCED.test(text)) return undefined
  const sealedTrace = text.endsWith(SEALED_TRACE)
  const introduction = text.slice(1, 33) as HopId
  const id = unsealId(keys.seal, introduction)
  if (id === undefined || !isAssigned(id) || fold64(id) !== parent.parentId) return 'unknown-key'
  const traceId = sealedTrace ? unsealId(keys.seal, parent.traceId) : parent.traceId
  return traceId === undefined || !isHopId(traceId) ? undefined : { id, traceId, sealedTrace, introduction }
}

/** A caller issued it for its callee: bit 15 of the sequence is the top bit of its first digit. */
function isAssigned(id: HopId): boolean {
  return id.charCodeAt(16) >= 0x38
}

/** How far the time of an id may be ahead of now, for a hop to take it. */
const AHEAD_NANOS = 5_000_000_000n
/** How far it may be in the past. */
const BEHIND_NANOS = 60_000_000_000n
/**
 * Within this time, either way, its sender belongs to the cluster; beyond it, any process that saw the member
 * once may have sent it.
 */
const STALE_NANOS = 300_000_000_000n

/**
 * Whether an id may be taken now (`soon`), is too early or too late for that, or no longer proves anything
 * (`stale`).
 */
export function timeOf(id: HopId, nowNanos: bigint): 'soon' | 'late' | 'stale' {
  const difference = hopIdNanos(id) - nowNanos
  if (difference <= AHEAD_NANOS && difference >= -BEHIND_NANOS) return 'soon'
  return difference <= STALE_NANOS && difference >= -STALE_NANOS ? 'late' : 'stale'
}
