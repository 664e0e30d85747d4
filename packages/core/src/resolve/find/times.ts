import { nanosOfIso } from '../iso.js'

/** A time: a `Date`, milliseconds since the epoch, nanoseconds as a bigint, or ISO text. */
export type TimeInput = Date | number | bigint | string

/** Nanoseconds since the epoch. Throws `TypeError` when it is no time. */
export function nanosOf(name: string, time: TimeInput): bigint {
  if (typeof time === 'bigint' && time >= 0n && time < 1n << 63n) return time
  if (typeof time === 'string') {
    const nanos = nanosOfIso(time)
    if (nanos !== undefined) return nanos
    const millis = Date.parse(time)
    if (!Number.isNaN(millis) && millis >= 0) return BigInt(millis) * 1_000_000n
  }
  const millis = time instanceof Date ? time.getTime() : time
  if (typeof millis === 'number' && Number.isFinite(millis) && millis >= 0 && millis < 9e15) {
    return BigInt(Math.floor(millis * 1000)) * 1000n
  }
  throw new TypeError(`${name} must be a Date, milliseconds, nanoseconds as a bigint, or ISO text`)
}
