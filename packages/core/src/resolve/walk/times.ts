import { timing } from '../../base/timing.js'
import type { CallRecord, HopRecord } from '../../record/record.js'
import { hopIdNanos } from '../../id/index.js'

/** When a call was under way, by its caller's clock. */
export interface CallTimes {
  readonly startNanos: bigint
  /** When the caller had its outcome; when that is not known, the last time it is known to have been at it. */
  readonly endNanos: bigint
}

/** The time of now, nanoseconds since the epoch. */
export function nowNanos(): bigint {
  return BigInt(Date.now()) * 1_000_000n
}

/** Is it a time that is yet to come? The clock that it comes from was ahead. */
export function isYetToCome(nanos: bigint): boolean {
  return nanos > nowNanos() + timing.lifeAheadNanos
}

/** When the call was under way: never shorter than the id says. */
export function callTimes(caller: HopRecord, call: CallRecord): CallTimes {
  const startNanos = caller.startNanos + BigInt(call.offsetMicros) * 1000n
  const idNanos = hopIdNanos(call.hopId)
  const duration = call.durationMicros ?? Math.max(0, (caller.durationMicros ?? 0) - call.offsetMicros)
  const endNanos = startNanos + BigInt(duration) * 1000n
  return { startNanos, endNanos: endNanos > idNanos ? endNanos : idNanos }
}

/**
 * The times of a message that was sent at `startNanos`: it may be taken at any time until now. A run tells
 * what it has up to its last mark, so the end is as long ago as that mark may be.
 */
export function lately(startNanos: bigint): CallTimes {
  return { startNanos, endNanos: nowNanos() - timing.silentLogNanos - timing.settleNanos }
}
