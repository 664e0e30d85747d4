import type { Attributes } from '../record/record.js'
import { isoNanos } from '../base/iso.js'
import type { TraceAnswer } from './trace-query.js'
import { causalRanks, causalStarts } from './verdict/causal.js'
import { healthOf } from './verdict/cell.js'
import { placeOf, type EvidenceTree, type HopEvidence, type Place } from './verdict/evidence.js'
import type { Verdict } from './verdict/overall.js'

/** One event of the timeline. */
export interface ProgressEvent extends Place {
  readonly name: string
  /** ISO, nanoseconds, on the entry's clock: never before what caused it. */
  readonly time: string
  readonly attributes: Attributes
  /** The same for the same event in every answer. */
  readonly key: string
  /** The word of this instance (`service ip:port`), which the hop's own run did not confirm. */
  readonly toldBy?: string
}

/** An open hop. */
export interface RunningHop extends Place {
  readonly since: string
  /** What it waits for: calls without an answer, by target. */
  readonly waitsFor: readonly string[]
  /** Its process serves nothing since then, ISO: its event loop does not turn. Left out when it does. */
  readonly blockedSince?: string
  /** The word of this instance (`service ip:port`), which the hop's own run did not confirm. */
  readonly toldBy?: string
}

/** How far a flow got. */
export interface ProgressResult {
  readonly traceId: string
  readonly verdict: Verdict
  readonly endedAt: Place | null
  readonly lastHealthy: Place | null
  /** Business keys of all its hops, as their own runs say them. */
  readonly keys: Readonly<Record<string, string>>
  readonly events: readonly ProgressEvent[]
  readonly lastEvent: ProgressEvent | null
  readonly running: readonly RunningHop[]
  readonly evidence: readonly string[]
}

/** The timeline of a trace: all events of all hops on one clock, and what runs now. */
export function progressOf({ traceId, tree, judgement }: TraceAnswer): ProgressResult {
  const events = timeline(tree)
  const starts = causalStarts(tree)
  const running = tree.hops.flatMap((hop, node): RunningHop[] => {
    if (healthOf(hop) !== 'open') return []
    const waitsFor = hop.record.next
      .filter((call) => call.outcome === null)
      .map(({ service, target }) => service ?? target)
    const { blockedSince } = hop
    const since = isoNanos(starts[node] ?? hop.record.startNanos)
    const blocked =
      blockedSince === undefined ? {} : { blockedSince: isoNanos(BigInt(blockedSince) * 1_000_000n) }
    return [{ ...placeOf(hop.record), since, waitsFor, ...blocked, ...toldOf(hop) }]
  })
  const { verdict, endedAt, lastHealthy, evidence } = judgement
  const keys: Record<string, string> = {}
  for (const { record, toldBy } of tree.hops) if (toldBy === undefined) Object.assign(keys, record.keys)
  return {
    traceId,
    verdict,
    endedAt,
    lastHealthy,
    keys,
    events,
    lastEvent: events.at(-1) ?? null,
    running,
    evidence,
  }
}

/** Events in causal order: by the entry's clock, an effect never before its cause. */
function timeline(tree: EvidenceTree): ProgressEvent[] {
  const starts = causalStarts(tree)
  const ranks = causalRanks(tree)
  const events: { nanos: bigint; rank: number; event: ProgressEvent }[] = []
  for (const [node, hop] of tree.hops.entries()) {
    const { record } = hop
    const start = starts[node] ?? record.startNanos
    for (const [index, { name, offsetMicros, attributes }] of record.events.entries()) {
      const nanos = start + BigInt(offsetMicros) * 1000n
      const key = `${record.hopId}-${index}`
      events.push({
        nanos,
        rank: ranks[node]?.[index] ?? 0,
        event: { ...placeOf(record), name, time: isoNanos(nanos), attributes, key, ...toldOf(hop) },
      })
    }
  }
  events.sort((a, b) => (a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : a.rank - b.rank))
  return events.map(({ event }) => event)
}

function toldOf({ toldBy }: HopEvidence): { toldBy?: string } {
  return toldBy === undefined ? {} : { toldBy }
}

/** Has the flow ended, so that nothing more is to be waited for? */
export function hasEnded({ verdict, running }: Pick<ProgressResult, 'verdict' | 'running'>): boolean {
  return running.length === 0 && verdict !== 'running' && verdict !== 'undetermined'
}

/** Nothing is known by this name. */
export function unknownProgress(idOrKey: string): ProgressResult {
  return {
    traceId: '',
    verdict: 'not-found',
    endedAt: null,
    lastHealthy: null,
    keys: {},
    events: [],
    lastEvent: null,
    running: [],
    evidence: [`no trace has the key ${idOrKey}`],
  }
}
