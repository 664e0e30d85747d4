import { fold64 } from '../id/index.js'
import type { HopId, TraceId } from '../id/index.js'
import type { ClusterKeys } from '../key/index.js'
import { headerText, TRACEPARENT, TRACESTATE, type RawHeaders } from './headers.js'
import { readMember, timeOf, type Member } from './member.js'
import { MAX_TRACEPARENT_CHARS, parseTraceparent, type TraceParent } from './traceparent.js'
import { MAX_TRACESTATE_CHARS, parseTracestate } from './tracestate.js'

/** By which rules a request's headers are read. */
export interface InboundRules {
  /** Whether the peer may continue a trace. */
  readonly trusted: boolean
  /** The time of now, nanoseconds since the Unix epoch. */
  readonly nowNanos: bigint
  /** Who has them speaks for the cluster. */
  readonly keys: ClusterKeys
  /** A message may have waited for any time. @default false */
  readonly anyAge?: boolean
}

/** What a request's headers ask for. */
export interface InboundContext {
  /** True if the request continues its caller's trace. */
  readonly continued: boolean
  /** The caller's trace; undefined when a trace begins here. */
  readonly traceId: TraceId | undefined
  /** The id that the caller assigned and that the hop may take. */
  readonly hopId: HopId | undefined
  /** W3C parent-id of a span between the caller and this hop that is not ours. */
  readonly parentSpan: string | undefined
  /** The `traceparent` of a trace that is not continued. */
  readonly link: string | undefined
  /** The id that the caller assigned and that the hop does not take. */
  readonly assignedId: HopId | undefined
  /** W3C trace-flags as they came; `sampled` for a trace that begins here. */
  readonly flags: number
  /** The id that a caller of the cluster assigned, taken or not: it gets the `hoptrace` response header. */
  readonly asked: HopId | undefined
  /**
   * A caller that does not know yet whether this is the cluster, or whose id is of another time: what it
   * sent, sealed by the one and raw by the other. The answer is bound to it, and says no more than a sealed
   * id.
   */
  readonly introduction: HopId | undefined
  /** Our member is present, but another cluster key signed it. */
  readonly unknownKey: boolean
  /** Members of `tracestate` that are not ours, in order, within the limits of what may be sent on. */
  readonly tracestate: string
  /** The trace-id came sealed, and is sent on sealed if the wire is sealed. */
  readonly sealedTrace: boolean
}

/**
 * All is recorded, so `sampled` is the truth. `random` would not be: an id's right-most digits are an
 * address.
 */
const SAMPLED = 0x01

/** What a request asks for that says nothing: a trace that begins here. */
export const noContext: InboundContext = {
  continued: false,
  traceId: undefined,
  hopId: undefined,
  parentSpan: undefined,
  link: undefined,
  assignedId: undefined,
  flags: SAMPLED,
  asked: undefined,
  introduction: undefined,
  unknownKey: false,
  tracestate: '',
  sealedTrace: false,
}

/**
 * Reads the trace context of a request. Never throws: what is malformed counts as absent.
 *
 * Our member counts if its tag was made with the cluster key, for this trace, at most five minutes ago. Of an
 * older member, only the id is kept, and the caller counts as foreign. The hop may take the id if the id's
 * time is at most 5 s in the future and 60 s in the past, and its `fold64` is the parent-id of `traceparent`.
 * If the parent-id differs, a system between caller and hop has inserted a span: the hop issues a new id and
 * keeps both. An introduction continues the trace, and no hop takes its id.
 */
export function readContext(headers: RawHeaders, rules: InboundRules): InboundContext {
  try {
    return read(headers, rules)
  } catch {
    return noContext
  }
}

function read(headers: RawHeaders, rules: InboundRules): InboundContext {
  const text = headerText(headers, TRACEPARENT, MAX_TRACEPARENT_CHARS)
  const parent = text === undefined ? undefined : parseTraceparent(text)
  if (text === undefined || parent === undefined) return noContext
  if (!rules.trusted) return { ...noContext, link: text.slice(0, 55) }

  const { own, others } = parseTracestate(headerText(headers, TRACESTATE, MAX_TRACESTATE_CHARS) ?? '')
  const member = own === undefined ? undefined : readMember(rules.keys, own, parent)
  if (member === undefined || member === 'unknown-key') {
    return foreign(parent, others, member === 'unknown-key')
  }
  const time = timeOf(member.id, rules.nowNanos)
  const isIntroduction = member.introduction !== undefined
  if (time !== 'stale' || (rules.anyAge === true && !isIntroduction))
    return ofCluster(member, time === 'soon', parent, others)
  const context = foreign(parent, others, false)
  // A replay, or a call from a host with another clock: its caller learns that this hop answered, and any
  // other nothing.
  return isIntroduction ? context : { ...context, assignedId: member.id, introduction: member.id }
}

function foreign(parent: TraceParent, tracestate: string, unknownKey: boolean): InboundContext {
  const { traceId, parentId, flags } = parent
  return { ...noContext, continued: true, traceId, parentSpan: parentId, flags, tracestate, unknownKey }
}

function ofCluster(member: Member, soon: boolean, parent: TraceParent, tracestate: string): InboundContext {
  const { id, traceId, sealedTrace, introduction } = member
  const direct = fold64(id) === parent.parentId
  const takes = direct && soon && introduction === undefined
  return {
    continued: true,
    traceId,
    hopId: takes ? id : undefined,
    parentSpan: direct ? undefined : parent.parentId,
    link: undefined,
    assignedId: takes ? undefined : id,
    flags: parent.flags,
    asked: introduction === undefined ? id : undefined,
    introduction,
    unknownKey: false,
    tracestate,
    sealedTrace,
  }
}
