import type { DroppedRange } from '../../record/instance-row.js'
import { settleNanos } from '../walk/times.js'

/** May a hop with an id of this time be among the dropped ones? Clocks of caller and callee differ. */
export function isDropped(ranges: readonly DroppedRange[], idNanos: bigint): boolean {
  return ranges.some(
    ({ fromNanos, toNanos }) => idNanos >= fromNanos - settleNanos && idNanos <= toNanos + settleNanos,
  )
}
