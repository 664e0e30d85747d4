import { fold64, hopIdNanos, isHopId, unsealId } from '../id/index.js'
import type { HopId, SealKey, TraceId } from '../id/index.js'
import { headerText, TRACEPARENT, TRACESTATE, type RawHeaders } from './headers.js'
import { MAX_TRACEPARENT_CHARS, parseTraceparent } from './traceparent.js'
import { MAX_TRACESTATE_CHARS, parseTracestate, SEALED_TRACE } from './tracestate.js'

/** By which rules a request's headers are read. */
export interface InboundRules {
  /** Whether the peer may continue a trace. */
  readonly trusted: boolean
  /** The time of now, nanoseconds since the Unix epoch. */
  readonly nowNanos: bigint
  /** With it, our member is sealed: only who has the key can speak for the cluster. */
  readonly sealKey?: SealKey | undefined
}

/** What a request's headers ask for. */
export interface InboundContext {
  /** True when the request goes on with its caller's trace. */
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
  /** The trusted caller speaks hoptrace: it gets the `hoptrace` response header. */
  readonly sentHoptrace: boolean
  /** Members of `tracestate` that are not ours, in order, within the limits of what may be sent on. */
  readonly tracestate: string
  /** The trace-id came sealed, and goes on sealed where the wire is. */
  readonly sealedTrace: boolean
}

/** All is recorded, so `sampled` is the truth. `random` would not be: an id's right-most digits are an address. */
const SAMPLED = 0x01
/** How far the time of an assigned id may be ahead of now, for the hop to take it. */
const AHEAD_NANOS = 5_000_000_000n
/** How far it may be behind. */
const BEHIND_NANOS = 60_000_000_000n

/** What a request asks for that says nothing: a trace that begins here. */
export const noContext: InboundContext = {
  continued: false,
  traceId: undefined,
  hopId: undefined,
  parentSpan: undefined,
  link: undefined,
  assignedId: undefined,
  flags: SAMPLED,
  sentHoptrace: false,
  tracestate: '',
  sealedTrace: false,
}

/**
 * Reads the trace context of a request. Never throws: what is malformed counts as absent.
 *
 * The assigned id is adopted when it is well formed (bit 15 says that a caller issued it), its time is at most 5 s ahead and 60 s behind, and
 * its `fold64` is the parent-id of `traceparent`. When the parent-id is another, someone between has a span of its own: the
 * hop issues its own id and remembers both.
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
  const member = own === undefined ? undefined : readMember(own, parent.parentId, rules)
  const assigned = member?.id
  const direct = assigned !== undefined && fold64(assigned) === parent.parentId
  const adopted = direct && isSoon(assigned, rules)
  return {
    continued: true,
    traceId: member?.traceIdOf(parent.traceId) ?? parent.traceId,
    hopId: adopted ? assigned : undefined,
    parentSpan: direct ? undefined : parent.parentId,
    link: undefined,
    assignedId: adopted ? undefined : assigned,
    flags: parent.flags,
    sentHoptrace: assigned !== undefined,
    tracestate: others,
    sealedTrace: member?.sealedTrace ?? false,
  }
}

interface Member {
  readonly id: HopId
  readonly sealedTrace: boolean
  traceIdOf(traceId: TraceId): TraceId | undefined
}

/**
 * Our member. With a cluster key it has to be sealed, and what unseals has to make sense: its fold is the parent-id, or
 * its fields are those of an id assigned just now. Anything else is somebody who does not have the key.
 */
function readMember(own: string, parentId: string, rules: InboundRules): Member | undefined {
  const { sealKey } = rules
  if (sealKey === undefined) {
    if (!isHopId(own) || !isAssigned(own)) return undefined
    return { id: own, sealedTrace: false, traceIdOf: () => undefined }
  }
  const sealedTrace = own.length === 34 && own.endsWith(SEALED_TRACE)
  const id = unsealId(sealKey, sealedTrace ? own.slice(0, 32) : own)
  if (id === undefined || !isAssigned(id)) return undefined
  if (fold64(id) !== parentId && !isSoon(id, rules)) return undefined
  return { id, sealedTrace, traceIdOf: (text) => (sealedTrace ? unsealId(sealKey, text) : undefined) }
}

function isAssigned(id: HopId): boolean {
  return id.charCodeAt(16) >= 0x38 // '8': bit 15 of the sequence is the top bit of its first digit
}

function isSoon(id: HopId, { nowNanos }: InboundRules): boolean {
  const difference = hopIdNanos(id) - nowNanos
  return difference <= AHEAD_NANOS && difference >= -BEHIND_NANOS
}
