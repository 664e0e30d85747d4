import { timing } from '../../base/timing.js'
import type { CallRecord, HopRecord } from '../../record/record.js'
import { hopIdNanos } from '../../id/index.js'
import type { InstanceRow } from '../../record/instance-row.js'

/** When a call was under way, by its caller's clock. */
export interface CallTimes {
  readonly startNanos: bigint
  /** When the caller had its outcome; when that is not known, the last time it is known to have been at it. */
  readonly endNanos: bigint
  /** The machine whose clock that is; left out where it does not matter, or is not known. */
  readonly machine?: string | undefined
}

/** Processes of one machine have one clock. */
export function machineOf({ boot, host }: InstanceRow): string {
  return boot === '' ? host : boot
}

/** The time of now, nanoseconds since the epoch. */
export function nowNanos(): bigint {
  return BigInt(Date.now()) * 1_000_000n
}

/** Is it a time that is yet to come? The clock that it comes from was ahead. */
export function isYetToCome(nanos: bigint): boolean {
  return nanos > nowNanos() + timing.lifeAheadNanos
}

/** When the call was under way: never shorter than the id says. `row`: the caller's. */
export function callTimes(caller: HopRecord, call: CallRecord, row?: InstanceRow): CallTimes {
  const startNanos = caller.startNanos + BigInt(call.offsetMicros) * 1000n
  const idNanos = hopIdNanos(call.hopId)
  const duration = call.durationMicros ?? Math.max(0, (caller.durationMicros ?? 0) - call.offsetMicros)
  const endNanos = startNanos + BigInt(duration) * 1000n
  return {
    startNanos,
    endNanos: endNanos > idNanos ? endNanos : idNanos,
    ...(row === undefined ? {} : { machine: machineOf(row) }),
  }
}

/**
 * The times of a message that was sent at `startNanos`: it may be taken at any time until now. A run tells
 * what it has up to its last mark, so the end is as long ago as that mark may be.
 */
export function lately(startNanos: bigint): CallTimes {
  return { startNanos, endNanos: nowNanos() - timing.silentLogNanos - timing.settleNanos }
}
