import type { CallRecord, HopRecord, ServedBy } from '../../record/record.js'
import { hopIdNanos, parseHopId, sameStamp } from '../../id/index.js'
import { settleNanos, type CallTimes } from './times.js'

/** Clocks of hosts that differ by more than this are not made up for. */
export const skewNanos = 900_000_000_000n

/**
 * What a record is to a call. `untimely`: it has the call's id, but began long before or after it: clocks that are far apart, or
 * a request that was sent again later. `foreign`: it is no answer to this call.
 */
export type Fit = 'fits' | 'untimely' | 'foreign'

/** Is this the hop that the call led to? A forged or repeated id must not pull another hop in. */
export function fitOf(record: HopRecord, call: CallRecord, traceId: string, times: CallTimes): Fit {
  const { hopId, assignedId, startNanos } = record
  const isAssigned = assignedId !== null && sameStamp(assignedId, call.hopId)
  const isStamped = sameStamp(hopId, call.hopId) || isAssigned
  if (!isStamped && call.servedBy?.hopId !== hopId) return 'foreign'
  if (record.traceId !== traceId && !isAssigned) return 'foreign'
  // The answer to this very call named it: their clocks do not count.
  if (isStamped && call.servedBy?.hopId === hopId) return 'fits'
  const slack = isStamped ? skewNanos : settleNanos
  if (startNanos + slack >= times.startNanos && startNanos <= times.endNanos + slack) return 'fits'
  return isStamped ? 'untimely' : 'foreign'
}

/**
 * May the header of a response be the answer to this call? Not when its hop was assigned by another call, or began before this
 * one: a cache repeats headers.
 */
export function mayServe(servedBy: ServedBy, call: CallRecord, times: CallTimes): boolean {
  if (sameStamp(servedBy.hopId, call.hopId)) return true
  if (parseHopId(servedBy.hopId).assigned) return false
  return hopIdNanos(servedBy.hopId) + settleNanos >= times.startNanos
}
