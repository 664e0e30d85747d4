import type { Place } from './evidence.js'

/** What a fault comes to. */
export type FaultVerdict = 'died' | 'unreachable' | 'interrupted' | 'failed' | 'undetermined'

/** A fault and where it began. */
export interface Finding {
  readonly verdict: FaultVerdict
  readonly at: Place
  /** The hop it began in or, when that has no record, the hop that called it. */
  readonly node: number
  /** The call to a place without a record; null when the fault began in `node` itself. */
  readonly call: number | null
  /** Calls between the entry and the fault. */
  readonly depth: number
}

/**
 * A certain cause outweighs an uncertain one. Among certain causes of one failure, the more serious wins: all
 * of them are true, and a retry that is refused is the consequence of a death, not the cause.
 */
const ranks: Readonly<Record<FaultVerdict, number>> = {
  died: 4,
  unreachable: 3,
  interrupted: 2,
  failed: 2,
  undetermined: 1,
}

/** The weightier of two findings: rank, then depth, then the first. */
export function weightier(a: Finding | null, b: Finding | null): Finding | null {
  if (a === null || b === null) return a ?? b
  const rank = ranks[b.verdict] - ranks[a.verdict]
  return rank > 0 || (rank === 0 && b.depth > a.depth) ? b : a
}
