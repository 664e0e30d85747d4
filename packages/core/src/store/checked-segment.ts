import { badSegment } from '../record/damage.js'
import { readSegmentHead, type SegmentHead } from '../segment/head.js'
import type { Row } from './contract.js'
import { idNanos, readSegmentKey, runKey } from './keys.js'

/** The head of a row's segment, which must be of the run and window that the row's key names: else `HOPTRACE_BAD_SEGMENT`. */
export function checkedHead({ key, value }: Row, windowNanos: bigint): SegmentHead {
  const head = readSegmentHead(value)
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
  return head
}
