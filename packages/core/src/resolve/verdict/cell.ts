import { type CallRecord, closedEarly } from '../../record/record.js'
import type { CalleeEvidence, EvidenceTree, HopEvidence } from './evidence.js'
import { sawOfCall } from './saw.js'
import { cellOf, type Cell, type Column, type Left } from './table.js'

/** How a hop did, by its own record alone. `slow`: its caller went away before it answered. */
export type Health = 'ok' | 'slow' | 'failed' | 'interrupted' | 'open' | 'open?'

/**
 * An open record of an ended process counts as interrupted, even before an adopter ships it so. If
 * `tracer.close()` interrupted the hop, or some of its entries are lost, it counts as open, and its end will
 * never be known.
 */
export function healthOf({ record, liveness }: Pick<HopEvidence, 'record' | 'liveness'>): Health {
  // Where entries of its log are lost, its end may be among them.
  const isWhole = record.lost === 0
  if (record.state === 'interrupted')
    return record.crash === closedEarly || !isWhole ? 'open?' : 'interrupted'
  if (record.state === 'open') {
    if (liveness === 'ended') return isWhole ? 'interrupted' : 'open?'
    return liveness === 'alive' && isWhole ? 'open' : 'open?'
  }
  if (record.error !== null || (record.status ?? 0) >= 500) return 'failed'
  return record.aborted ? 'slow' : 'ok'
}

/** Whether the hop was still open when its caller gave up, regardless of how its process ended later. */
export function wasHanging(hop: HopEvidence): boolean {
  const health = healthOf(hop)
  // Also one that was open when its tracer was closed.
  const cutOff = health === 'interrupted' || hop.record.state === 'interrupted'
  return health === 'open' || (cutOff && hop.record.lost === 0 && hop.outlived === true)
}

/** The row of the table. */
function leftOf(tree: EvidenceTree, callee: CalleeEvidence): Left {
  if (callee.kind === 'absent') return callee.proof
  if (callee.kind !== 'hop') return callee.kind
  const hop = tree.hops[callee.node]
  if (hop === undefined) return 'skipped'
  const { record, outlived } = hop
  switch (healthOf(hop)) {
    case 'open':
      return 'open'
    case 'interrupted':
      return record.lost === 0 && outlived === true ? 'interrupted-later' : 'interrupted'
    case 'open?':
      if (record.state !== 'interrupted' || record.lost > 0) return 'open?'
      return outlived === true ? 'left-open-later' : 'left-open'
    default:
      return 'closed'
  }
}

/** The column of the table. */
function columnOf(caller: HopEvidence, call: CallRecord): Column {
  const saw = sawOfCall(call)
  if (call.outcome === null && caller.record.lost > 0) return 'silent-lost'
  return saw === 'error' && call.servedBy !== null ? 'own-error' : saw
}

/** The cell of one call. */
export function cellOfCall(
  tree: EvidenceTree,
  caller: HopEvidence,
  call: CallRecord,
  callee: CalleeEvidence,
): Cell {
  return cellOf(columnOf(caller, call), leftOf(tree, callee))
}
