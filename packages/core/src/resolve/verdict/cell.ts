import { type CallRecord, closedEarly } from '../../record/record.js'
import type { CalleeEvidence, EvidenceTree, HopEvidence } from './evidence.js'
import { sawOfCall } from './saw.js'
import { cellOf, type Cell, type Left } from './table.js'

/** How a hop did, by its own record alone. `slow`: its caller went away before it answered. */
export type Health = 'ok' | 'slow' | 'failed' | 'interrupted' | 'open' | 'open?'

/**
 * An open record of an ended process counts as interrupted, even before an adopter ships it so. If
 * `tracer.close()` interrupted the hop, or some of its entries are lost, it counts as open, and its end will
 * never be known.
 */
export function healthOf({ record, liveness }: HopEvidence): Health {
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

/** The column of the table. */
export function leftOf(tree: EvidenceTree, callee: CalleeEvidence): Left {
  if (callee.kind === 'absent') return callee.proof
  if (callee.kind !== 'hop') return callee.kind
  const hop = tree.hops[callee.node]
  if (hop === undefined) return 'skipped'
  const health = healthOf(hop)
  return health === 'interrupted' || health === 'open' || health === 'open?' ? health : 'closed'
}

/** The cell of one call. */
export function cellOfCall(
  tree: EvidenceTree,
  caller: HopEvidence,
  call: CallRecord,
  callee: CalleeEvidence,
): Cell {
  const saw = sawOfCall(call)
  const left = leftOf(tree, callee)
  const hop = callee.kind === 'hop' ? tree.hops[callee.node] : undefined
  // A process that lived on after the call had not died with it.
  const hung = saw !== 'silent' && hop !== undefined && wasHanging(hop)
  // The caller timed out and the tracer was closed before the hop answered. In either order the callee was
  // too slow.
  const isWhole = hop?.record.lost === 0
  const late = saw === 'timeout' && isWhole && left === 'open?' && hop.record.state === 'interrupted'
  const cell = cellOf(saw, late || (hung && saw !== 'answered' && saw !== 'error') ? 'open' : left)
  // No more will be known of it, but its caller knows enough.
  if (cell === 'record-pending' && isWhole && hop.record.state === 'interrupted') return 'go-on'
  // What the caller saw in the end may be among the entries that its log lost.
  if (saw === 'silent' && caller.record.lost > 0 && cell !== 'go-on') return 'unclear'
  // A 502 in front of an interrupted hop may come from a proxy, unless the callee itself signed the answer.
  if (cell === 'died' && saw === 'error' && call.servedBy !== null) return 'failed-there'
  return cell
}
