import { timing } from '../../base/timing.js'
import type { CallRecord, HopRecord, ServedBy } from '../../record/record.js'
import { hopIdNanos, parseHopId, sameStamp } from '../../id/index.js'
import { isYetToCome, type CallTimes } from './times.js'

/**
 * What a record is to a call. `untimely`: it has the call's id, but began long after it: clocks that are far apart, or a request
 * that was sent again later. `foreign`: it is no answer to this call.
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
  if (!isStamped) {
    const isNear =
      startNanos + timing.settleNanos >= times.startNanos && startNanos <= times.endNanos + timing.settleNanos
    return isNear ? 'fits' : 'foreign'
  }
  // No process can take an id before it is issued: a hop that began earlier says only that the clocks differ.
  if (startNanos <= times.endNanos + timing.skewNanos) return 'fits'
  // A message waits for its consumer.
  if (call.method === null) return 'fits'
  return isYetToCome(startNanos) ? 'fits' : 'untimely'
}

/**
 * May the header of a response be the answer to this call? Not when its hop was assigned by another call, or began before this
 * one: a cache repeats headers.
 */
export function mayServe(servedBy: ServedBy, call: CallRecord, times: CallTimes): boolean {
  if (sameStamp(servedBy.hopId, call.hopId)) return true
  if (parseHopId(servedBy.hopId).assigned) return false
  return hopIdNanos(servedBy.hopId) + timing.settleNanos >= times.startNanos
}
