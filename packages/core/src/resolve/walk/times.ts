import type { CallRecord, HopRecord } from '../../record/record.js'
import { hopIdNanos } from '../../id/index.js'

/** When a call was under way, by its caller's clock. */
export interface CallTimes {
  readonly startNanos: bigint
  /** When the caller had its outcome; when that is not known, the last time it is known to have been at it. */
  readonly endNanos: bigint
}

/** How far clocks of hosts may differ, and how long a request may take from one process to the next. */
export const settleNanos = 2_000_000_000n

/** Clocks of hosts that differ by more than this are not made up for. */
export const skewNanos = 900_000_000_000n
/** A time further ahead of now comes from a clock that was wrong. */
const aheadNanos = 60_000_000_000n

/** Is it a time that is yet to come? The clock that it comes from was ahead. */
export function isYetToCome(nanos: bigint): boolean {
  return nanos > BigInt(Date.now()) * 1_000_000n + aheadNanos
}

/** When the call was under way: never shorter than the id says. */
export function callTimes(caller: HopRecord, call: CallRecord): CallTimes {
  const startNanos = caller.startNanos + BigInt(call.offsetMicros) * 1000n
  const idNanos = hopIdNanos(call.hopId)
  const duration = call.durationMicros ?? Math.max(0, (caller.durationMicros ?? 0) - call.offsetMicros)
  const endNanos = startNanos + BigInt(duration) * 1000n
  return { startNanos, endNanos: endNanos > idNanos ? endNanos : idNanos }
}
