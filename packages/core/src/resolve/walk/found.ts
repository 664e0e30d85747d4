import type { HopRecord } from '../../record/record.js'
import type { HopId } from '../../id/types.js'
import type { InstanceRow } from '../../record/instance-row.js'
import type { RecordSource } from '../../record/lookup.js'
import { isDropped } from '../sources/dropped.js'
import type { EvidenceTree, Liveness, WithoutRecord } from '../verdict/evidence.js'
import { livenessOf, suspectOf, type Answer } from './conclude.js'

/** A hop's record, and whose it is. */
export interface Found {
  readonly record: HopRecord
  readonly row: InstanceRow
  readonly source: RecordSource
  readonly liveness: Liveness
  readonly outlived?: boolean
  /** Its process serves nothing since then, milliseconds since the epoch. */
  readonly blockedSince?: number
  readonly subtree: EvidenceTree | undefined
  /** What else was noticed, for people. */
  readonly notes: readonly string[]
}

/** What one run said, and what its errand brought. */
export type OneAnswer = Answer & { readonly subtree?: EvidenceTree }

/**
 * Which hop a record is of. Two runs may take one id for the same address: of two hosts whose containers have
 * one inner address, or one after the other. Their hops are two.
 */
export function hopKey({ hopId, instance }: HopRecord): string {
  return `${hopId} ${instance.startNanos}`
}

/** The hops among answers, each once. `id`: what was asked for. */
export function foundAmong(answers: readonly OneAnswer[], id: HopId): Found[] {
  const byHop = new Map<string, OneAnswer[]>()
  for (const answer of answers) {
    if (answer.lookup?.kind !== 'found') continue
    const key = hopKey(answer.lookup.record)
    byHop.set(key, [...(byHop.get(key) ?? []), answer])
  }
  return [...byHop.values()].map((versions) => chosen(versions, id))
}

/** Of several records of one hop: the finished one, then that of the newest run. All are reported. */
function chosen(versions: readonly OneAnswer[], id: HopId): Found {
  const weight = { closed: 0, interrupted: 1, open: 2 }
  const candidates = versions.flatMap(({ row, lookup, subtree, blockedSince }) =>
    lookup?.kind === 'found' ? [{ row, lookup, subtree, blockedSince }] : [],
  )
  candidates.sort((a, b) => weight[a.lookup.record.state] - weight[b.lookup.record.state])
  const [first, ...others] = candidates as [(typeof candidates)[0], ...typeof candidates]
  return {
    record: first.lookup.record,
    row: first.row,
    source: first.lookup.source,
    liveness: livenessOf(first.row, first.lookup),
    subtree: first.subtree,
    ...(first.blockedSince === undefined ? {} : { blockedSince: first.blockedSince }),
    notes: others.map(
      ({ row, lookup }) =>
        `${row.service} ${row.address} holds a record of ${id} too: ${lookup.record.state}`,
    ),
  }
}

/**
 * A hop without an end, from a run that lost records of its time, may have ended well: its end may be what
 * was lost.
 */
export function droppedEnd({ record, row }: Found): WithoutRecord | undefined {
  if (record.state === 'closed' || !isDropped(row.dropped, record.startNanos)) return undefined
  const says = `unknown: dropped here: ${row.service} ${row.address} lost records of that time, the end of this hop may be among them`
  return { kind: 'dropped', suspect: suspectOf(row, record.hopId), says }
}
