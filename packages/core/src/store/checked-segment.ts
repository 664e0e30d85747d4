import { badSegment } from '../record/damage.js'
import { openHead, type OpenedSegment, type SegmentHead } from '../segment/head.js'
import type { Row } from './contract.js'
import { idNanos, readSegmentKey, runKey } from './keys.js'

/** The head of a row's segment, which must be of the run and window that the row's key names: else `HOPTRACE_BAD_SEGMENT`. */
export function checkedHead(row: Row, windowNanos: bigint): SegmentHead {
  return checkedSegment(row, windowNanos).head
}

/** The same with the segment, to be decoded. */
export function checkedSegment({ key, value }: Row, windowNanos: bigint): OpenedSegment {
  const opened = openHead(value)
  const { head } = opened
  const parts = readSegmentKey(key)
  if (
    parts === undefined ||
    !parts.run.equals(runKey(head.instance)) ||
    head.maxId.slice(0, 20) > parts.maxId ||
    idNanos(head.minId) < parts.windowStartNanos ||
    idNanos(head.maxId) >= parts.windowStartNanos + windowNanos
  ) {
    throw badSegment('its key names other records')
  }
  return opened
}
