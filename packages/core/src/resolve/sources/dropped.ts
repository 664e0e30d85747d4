import { timing } from '../../base/timing.js'
import { isExpired } from '../../record/kept.js'
import type { DroppedRange, InstanceRow } from '../../record/instance-row.js'

/** May a hop with an id of this time be among the dropped ones? Clocks of caller and callee differ. */
export function isDropped(ranges: readonly DroppedRange[], idNanos: bigint): boolean {
  return ranges.some(
    ({ fromNanos, toNanos }) =>
      idNanos >= fromNanos - timing.settleNanos && idNanos <= toNanos + timing.settleNanos,
  )
}

/** Is a record of this time missing because the run lost it, or because its store deleted it? Then absence proves nothing. */
export function isLost(
  row: Pick<InstanceRow, 'dropped' | 'keepsSeconds' | 'deletedBeforeNanos'>,
  idNanos: bigint,
): boolean {
  return isDropped(row.dropped, idNanos) || isExpired(row, idNanos)
}
