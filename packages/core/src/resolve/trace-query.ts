import { randomBytes } from 'node:crypto'
import { hopIdNanos, parseHopId } from '../id/index.js'
import type { HopId } from '../id/types.js'
import type { InstanceRow } from '../record/instance-row.js'
import { findEntry, type Entry } from './entry.js'
import { deadlineIn } from '../base/deadline.js'
import { isoNanos } from '../base/iso.js'
import type { EvidenceTree, HopEvidence, JudgedTree } from './verdict/evidence.js'
import { judge, type Judgement } from './verdict/overall.js'
import { isExpired } from '../record/kept.js'
import { wordSeconds } from './verdict/wording.js'
import type { InstanceIndex } from './walk/candidates.js'
import { Locator } from './walk/locate.js'
import { noReads, type Reads } from './walk/reads.js'
import type { TraceSource } from './walk/source.js'
import { Walker } from './walk/walker.js'

/** Bounds of one question. */
export interface QueryLimits {
  readonly deadlineMillis: number
  readonly maxHops: number
  readonly maxDepth: number
  readonly concurrency: number
}

/** How one trace is looked up. */
export interface TraceQuery {
  readonly source: TraceSource
  /** The registry as it was read for this question. */
  readonly index: InstanceIndex
  /** The runs that are known to hold the requested hop. */
  readonly holders?: readonly InstanceRow[]
  readonly limits: QueryLimits
  /** Instances are asked for everything below a hop, and not hop by hop. */
  readonly recursive: boolean
  readonly signal?: AbortSignal
  readonly onHop?: (hop: HopEvidence, index: number, tree: Pick<EvidenceTree, 'hops'>) => void
}

/** What was found. */
export interface TraceAnswer {
  readonly traceId: string
  readonly tree: JudgedTree
  readonly judgement: Judgement
  readonly reads: Reads
  /** Of the ids that were asked for, those that led to no record. */
  readonly missing: readonly HopId[]
}

/**
 * Finds the trace that an id belongs to, walks it, and judges. Rejects only when the caller's signal is
 * aborted.
 */
export async function queryTrace(ids: readonly HopId[], query: TraceQuery): Promise<TraceAnswer> {
  const { source, index, holders = [], limits, recursive, onHop } = query
  const reads = noReads()
  const deadline = deadlineIn(limits.deadlineMillis, [query.signal], 'the deadline has passed')
  const { signal } = deadline
  const locator = new Locator(source, index, reads, signal)
  const deadlineAt = performance.now() + limits.deadlineMillis
  const unread = index.unread.map((what) => `not every registry could be read: ${what}`)
  try {
    let first: Extract<Entry, { kind: 'missing' }> | undefined
    const missing: HopId[] = []
    for (const id of ids) {
      const entry = await findEntry(id, { locator, source, index, holders, reads, signal })
      query.signal?.throwIfAborted()
      if (entry.kind === 'missing') {
        first ??= { ...entry, notes: [...entry.notes, ...unread] }
        missing.push(id)
        continue
      }
      const seen: HopEvidence[] = []
      const walker = new Walker({
        locator,
        index,
        signal,
        question: recursive ? randomBytes(8).toString('hex') : null,
        finish: true,
        limits: { hops: limits.maxHops, depth: limits.maxDepth, concurrency: limits.concurrency, deadlineAt },
        onHop: (hop, node) => {
          seen.push(hop)
          onHop?.(hop, node, { hops: seen })
        },
      })
      // The entry is asked again when instances may walk for us: its subtree comes with the answer.
      const found = recursive ? await withSubtree(walker, locator, entry.found) : entry.found
      const headless = isHeadless(entry, unread.length > 0)
      const asJudged = (walked: EvidenceTree): JudgedTree => ({
        ...walked,
        notes: [...entry.notes, ...walked.notes, ...unread],
        partial: walked.partial || headless,
        ...(headless ? { headless } : {}),
      })
      let tree = asJudged(await walker.run(found))
      let judgement = judge(tree)
      // An instance speaks only for itself, so check decisive hops with their own runs.
      for (let round = 0; ; round++) {
        const confirmed = await walker.confirm(judgement.decisive)
        query.signal?.throwIfAborted()
        if (confirmed === undefined) break
        if (round === maxRounds) return { ...unconfirmed(entry.traceId, tree, reads), missing }
        tree = asJudged(confirmed)
        judgement = judge(tree)
      }
      query.signal?.throwIfAborted()
      return { traceId: entry.traceId, tree, judgement, reads, missing }
    }
    return { ...nothing(ids[0] as HopId, first, signal.aborted, { rows: index.rows, reads }), missing }
  } finally {
    deadline.clear()
  }
}

/**
 * Whether there is an unknown caller above. Not for a foreign trace, whose first hop here has a new id. With
 * an incomplete registry, that cannot be decided.
 */
function isHeadless({ traceId, found }: Extract<Entry, { kind: 'found' }>, unsure: boolean): boolean {
  const { hopId, assignedId } = found.record
  return hopId !== traceId && (unsure || assignedId !== null || parseHopId(hopId).assigned)
}

type FoundEntry = Extract<Entry, { kind: 'found' }>['found']

async function withSubtree(walker: Walker, locator: Locator, entry: FoundEntry): Promise<FoundEntry> {
  if (entry.source !== 'live' || entry.record.next.length === 0) return entry
  const nanos = hopIdNanos(entry.record.hopId)
  const located = await locator.byId(
    entry.record.hopId,
    { startNanos: nanos, endNanos: nanos },
    walker.entryErrand(),
    [entry.row],
  )
  return located?.kind === 'found' ? located.found : entry
}

/** The maximum number of rounds in which decisive hops turn out to be reported by other runs. */
const maxRounds = 50

/** What instances say of each other does not hold, again and again. */
function unconfirmed(traceId: string, tree: JudgedTree, reads: Reads): Omit<TraceAnswer, 'missing'> {
  const notes = [
    ...tree.notes,
    'hops that instances reported for each other are not confirmed by their own runs',
  ]
  const doubted = { ...tree, notes, partial: true, headless: true }
  return { traceId, tree: doubted, judgement: judge(doubted), reads }
}

function nothing(
  id: HopId,
  missing: Extract<Entry, { kind: 'missing' }> | undefined,
  expired: boolean,
  { rows, reads }: { readonly rows: readonly InstanceRow[]; readonly reads: Reads },
): Omit<TraceAnswer, 'missing'> {
  const located = missing?.located
  const evidence = [...(missing?.notes ?? [])]
  const certain = located === undefined || located.kind === 'absent' || located.kind === 'untraced'
  if (located !== undefined && located.kind !== 'untraced') evidence.push(located.says)
  if (located === undefined)
    evidence.push(`no registered instance is named by ${id}, of ${isoNanos(hopIdNanos(id))}`)
  const older = located === undefined ? olderThanKept(id, rows) : undefined
  const deleted = located === undefined ? deletedByLimit(id, rows) : undefined
  const gone = older ?? deleted
  if (gone !== undefined) evidence.push(gone)
  if (expired) evidence.push('the deadline has passed')
  const isKnown = certain && deleted === undefined && missing?.notes.length === 0 && !expired
  const verdict = isKnown ? 'not-found' : 'undetermined'
  const endedAt = verdict === 'not-found' || located === undefined ? null : located.suspect
  return {
    traceId: id,
    tree: { hops: [], notes: [], partial: expired },
    judgement: { verdict, endedAt, lastHealthy: null, evidence, faults: [], decisive: [] },
    reads,
  }
}

/** Why a hop of that time need not be there any longer: every run that is registered keeps its records for a shorter time. */
function olderThanKept(id: HopId, rows: readonly InstanceRow[]): string | undefined {
  const longest = Math.max(...rows.map(({ keepsSeconds = Infinity }) => keepsSeconds))
  if (!Number.isFinite(longest) || !isExpired({ keepsSeconds: longest }, hopIdNanos(id))) return undefined
  return `it is older than the stores keep, ${wordSeconds(longest)}: if it was there, it has been deleted`
}

/**
 * A service has deleted records of that time because of its limit of bytes, earlier than its time says, and the registry
 * may no longer name the run that had the hop.
 */
function deletedByLimit(id: HopId, rows: readonly InstanceRow[]): string | undefined {
  const [service, before = 0n] = latestDeletion(rows)
  if (hopIdNanos(id) >= before) return undefined
  return `it is older than the store of ${service} keeps: that has deleted its records from before ${isoNanos(before)}, so if it was there, it has been deleted`
}

/** The service that has deleted the most recent records because of its limit of bytes, and up to when. */
function latestDeletion(rows: readonly InstanceRow[]): readonly [service?: string, beforeNanos?: bigint] {
  const before = rows.reduce((last, { deletedBeforeNanos: one = 0n }) => (one > last ? one : last), 0n)
  const row = before === 0n ? undefined : rows.find((one) => one.deletedBeforeNanos === before)
  return row === undefined ? [] : [row.service, before]
}
