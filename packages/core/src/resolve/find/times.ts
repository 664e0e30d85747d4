import { nanosOfIso } from '../../base/iso.js'

/** A time: a `Date`, milliseconds since the epoch, nanoseconds as a bigint, or ISO text, which is UTC where it names no zone. */
export type TimeInput = Date | number | bigint | string

/** Ids end there: in 2262. */
const lastNanos = (1n << 63n) - 1n

/** Nanoseconds since the epoch, at most the last that an id may have. Throws `TypeError` when it is no time, or before 1970. */
export function nanosOf(name: string, time: TimeInput): bigint {
  const nanos = nanosIn(time)
  if (nanos === undefined || nanos < 0n) {
    throw new TypeError(
      `${name} must be a Date, milliseconds, nanoseconds as a bigint, or ISO text, from 1970 on`,
    )
  }
  return nanos < lastNanos ? nanos : lastNanos
}

function nanosIn(time: TimeInput): bigint | undefined {
  if (typeof time === 'bigint') return time
  if (typeof time === 'string') return nanosOfIso(time.trim())
  return ofMillis(time instanceof Date ? time.getTime() : time)
}

function ofMillis(millis: unknown): bigint | undefined {
  return typeof millis === 'number' && Number.isFinite(millis) && Math.abs(millis) < 9e15
    ? BigInt(Math.floor(millis * 1000)) * 1000n
    : undefined
}
