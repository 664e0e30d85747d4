import {
  namedService,
  type Attributes,
  type CallRecord,
  type ErrorInfo,
  type HopRecord,
  type HopState,
} from '../record/record.js'
import type { HopId } from '../id/types.js'
import { attemptsOf, calleesOf } from './verdict/attempts.js'
import { isoNanos } from '../base/iso.js'
import type { RecordSource } from '../record/lookup.js'
import type { Reads } from './walk/reads.js'
import type { CalleeEvidence, EvidenceTree, HopEvidence, JudgedTree, Place } from './verdict/evidence.js'
import type { Fault, Judgement, Verdict } from './verdict/overall.js'

/** One event of a hop. */
export interface EventJson {
  readonly name: string
  /** ISO, nanoseconds, by the clock of the host that recorded it. */
  readonly time: string
  readonly attributes: Attributes
}

/** One call of a hop. */
export interface CallJson {
  /** The callee's hop when it is known, otherwise the id that the caller had given it. */
  readonly hopId: HopId
  readonly target: string
  readonly service: string | null
  readonly method: string | null
  readonly outcome: string | null
  /** When the call was made, microseconds after its hop began. */
  readonly offsetMicros: number
  readonly durationMicros: number | null
  /** What the walk found there: a `hop` (listed), or why there is none. Left out if the walk did not look. */
  readonly found?: CalleeEvidence['kind']
  /**
   * Other hops (listed) that it led to: what was between sent it to several instances, one after the other.
   */
  readonly attempts?: readonly HopId[]
  /** Concluded, not recorded: the hop passed on the headers that it got. */
  readonly passedOn?: true
  /**
   * What was `found` is the word of this instance (`service ip:port`), which asked in place of the resolver.
   */
  readonly toldBy?: string
}

/** One hop as every answer shows it. */
export interface HopJson {
  readonly hopId: HopId
  readonly traceId: string
  readonly service: string
  /** `ip:port` */
  readonly instance: string
  readonly method: string | null
  readonly route: string | null
  readonly status: number | null
  readonly state: HopState
  /** ISO, nanoseconds. */
  readonly startTime: string
  readonly durationMicros: number | null
  readonly error: ErrorInfo | null
  readonly aborted: boolean
  readonly keys: Readonly<Record<string, string>>
  readonly attributes: Attributes
  readonly events: readonly EventJson[]
  readonly next: readonly CallJson[]
  /** Why its process ended, where that could still tell; null otherwise. */
  readonly crash: string | null
  /** Events and attributes that were left out under pressure. */
  readonly shed: number
  /** Entries of its log that could not be read: above 0 the hop is not whole. */
  readonly lost: number
  readonly source: RecordSource
}

/** A hop of a walk. */
export interface WalkedHopJson extends HopJson {
  /** The hop that called it; null for the entry. */
  readonly calledBy: HopId | null
  /** Calls between the entry and it. */
  readonly depth: number
  /**
   * The record is the word of this instance (`service ip:port`), which asked in place of the resolver: the
   * hop's own run did not confirm it. No verdict and no fault rests on it.
   */
  readonly toldBy?: string
}

/** The answer to `resolve`: what `hoptrace resolve --json` prints. */
export interface ResolveResult {
  readonly traceId: string
  readonly verdict: Verdict
  readonly endedAt: Place | null
  readonly lastHealthy: Place | null
  /** The entry first, every hop before what it called, in the order of the calls. */
  readonly hops: readonly WalkedHopJson[]
  readonly evidence: readonly string[]
  readonly faults: readonly Fault[]
  /** Part of the trace was not looked at, or is not known. */
  readonly partial: boolean
  /** Why, where `partial` is true: which limits were met, and what is missing. */
  readonly partialBecause: readonly PartialReason[]
  readonly reads: Readonly<Reads>
  readonly elapsedMillis: number
}

/** One hop's record for people and programs. */
export function hopJson(record: HopRecord, source: RecordSource, callees?: readonly CallJson[]): HopJson {
  return {
    hopId: record.hopId,
    traceId: record.traceId,
    service: record.service,
    instance: record.instance.address,
    method: record.method,
    route: record.route,
    status: record.status,
    state: record.state,
    startTime: isoNanos(record.startNanos),
    durationMicros: record.durationMicros,
    error: record.error,
    aborted: record.aborted,
    keys: record.keys,
    attributes: record.attributes,
    events: record.events.map(({ name, offsetMicros, attributes }) => ({
      name,
      time: isoNanos(record.startNanos + BigInt(offsetMicros) * 1000n),
      attributes,
    })),
    next: callees ?? record.next.map((call) => callJson(call)),
    crash: record.crash,
    shed: record.shed,
    lost: record.lost,
    source,
  }
}

function callJson(call: CallRecord): CallJson {
  return {
    hopId: call.servedBy?.hopId ?? call.hopId,
    target: call.target,
    service: namedService(call),
    method: call.method,
    outcome: call.outcome,
    offsetMicros: call.offsetMicros,
    durationMicros: call.durationMicros,
  }
}

/** One hop of a tree. */
export function walkedHopJson(tree: EvidenceTree, hop: HopEvidence, depth: number): WalkedHopJson {
  // Open hops of an ended process are interrupted, even before an adopter ships them so.
  const gone = hop.record.state === 'open' && hop.liveness === 'ended'
  const record = gone ? { ...hop.record, state: 'interrupted' as const } : hop.record
  const attempts = attemptsOf(hop)
  const firstPassedOn = record.next.length - (hop.passedOn ?? 0)
  const calls = record.next.map((call, index): CallJson => {
    const others = attempts(index).flatMap((node) => tree.hops[node]?.record.hopId ?? [])
    const json: CallJson = {
      ...callJson(call),
      ...(others.length === 0 ? {} : { attempts: others }),
      ...(index < firstPassedOn ? {} : { passedOn: true }),
    }
    const callee = hop.callees[index]
    if (callee === undefined) return json
    if (callee.kind !== 'hop') {
      const told = callee.toldBy === undefined ? {} : { toldBy: callee.toldBy }
      return { ...json, service: json.service ?? serviceOf(callee), found: callee.kind, ...told }
    }
    const found = tree.hops[callee.node]?.record
    return {
      ...json,
      hopId: found?.hopId ?? json.hopId,
      service: found?.service ?? json.service,
      found: 'hop',
    }
  })
  const calledBy = hop.parent === null ? null : (tree.hops[hop.parent]?.record.hopId ?? null)
  const told = hop.toldBy === undefined ? {} : { toldBy: hop.toldBy }
  return { ...hopJson(record, hop.source, calls), calledBy, depth, ...told }
}

function serviceOf(callee: Exclude<CalleeEvidence, { kind: 'hop' }>): string | null {
  const { service, instance } = callee.suspect
  return service === instance ? null : service
}

/** All hops, each before what it called, calls in order. */
export function hopsInOrder(tree: EvidenceTree): { hop: HopEvidence; node: number; depth: number }[] {
  const ordered: { hop: HopEvidence; node: number; depth: number }[] = []
  const stack = tree.hops.length === 0 ? [] : [{ node: 0, depth: 0 }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, depth } = next
    const hop = tree.hops[node]
    if (hop === undefined) continue
    ordered.push({ hop, node, depth })
    const callees = calleesOf(hop)
    for (let call = hop.callees.length - 1; call >= 0; call--)
      for (const callee of [...callees(call)].reverse()) stack.push({ node: callee, depth: depth + 1 })
  }
  return ordered
}

/** The answer, from the evidence and the verdict on it. */
export function resolveResult(
  traceId: string,
  tree: JudgedTree,
  judgement: Judgement,
  reads: Reads,
  elapsedMillis: number,
): ResolveResult {
  return {
    traceId,
    verdict: judgement.verdict,
    endedAt: judgement.endedAt,
    lastHealthy: judgement.lastHealthy,
    hops: hopsInOrder(tree).map(({ hop, depth }) => walkedHopJson(tree, hop, depth)),
    evidence: judgement.evidence,
    faults: judgement.faults,
    partial: tree.partial,
    partialBecause: tree.partial ? reasonsOf(tree) : [],
    reads,
    elapsedMillis: Math.round(elapsedMillis * 1000) / 1000,
  }
}

/** `hops`, `depth`, `deadline`: that limit was met. `beginning`: what called the first hop that is known is not known itself. */
export type PartialReason = 'hops' | 'depth' | 'deadline' | 'beginning'

function reasonsOf(tree: JudgedTree): PartialReason[] {
  const reasons = new Set<PartialReason>()
  for (const { callees } of tree.hops) {
    for (const callee of callees) {
      if (callee.kind !== 'skipped') continue
      const { why } = callee
      if (why !== 'cycle' && why !== 'foreign') reasons.add(why)
    }
  }
  if (tree.headless === true) reasons.add('beginning')
  // An attempt that has no place, or a question that ended before its first hop, leaves no call behind.
  if (reasons.size === 0) reasons.add(tree.hops.length === 0 ? 'deadline' : 'hops')
  return [...reasons]
}
