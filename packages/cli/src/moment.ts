import { nanosOfIso } from '@hoptrace/core'
import { UsageError } from './usage-error.js'

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const oneDuration = /(\d+(?:\.\d+)?)(ms|[smhdw])/g
const durations = /^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/
const dayMillis = 86_400_000
const lastNanos = (1n << 63n) - 1n

/** `250ms`, `30s`, `10m`, `2h`, `7d`, `1w`, and several of them: `1h30m`. In milliseconds. Throws UsageError. */
export function parseDuration(text: string): number {
  const trimmed = text.trim()
  if (!durations.test(trimmed)) {
    throw new UsageError(
      `'${text}' is not a duration`,
      'durations look like 250ms, 30s, 10m, 2h, 1h30m, 7d or 1w',
    )
  }
  let millis = 0
  for (const [, amount, unit = ''] of trimmed.matchAll(oneDuration))
    millis += Number(amount) * (units[unit] ?? 1)
  return millis
}

/** A duration from `least` to `most`, in milliseconds. Throws UsageError. */
export function parseDurationWithin(text: string, least: string, most: string): number {
  const millis = parseDuration(text)
  if (millis >= parseDuration(least) && millis <= parseDuration(most)) return millis
  throw new UsageError(`${text} is not from ${least} to ${most}`)
}

/**
 * A moment from 1970 on, in nanoseconds since the epoch: a duration before `nowMillis`, `now`, `today`, `yesterday`, a time of day, a date, a
 * date and time, or an epoch. All is UTC, as what is printed is, unless a zone is given. Throws UsageError.
 */
export function parseMoment(text: string, nowMillis: number): bigint {
  const nanos = momentOf(text.trim(), nowMillis)
  if (nanos === undefined) {
    throw new UsageError(
      `'${text}' is not a time`,
      'times look like 10m or 1h30m (ago), now, today, yesterday, 15:00, 2026-11-22, 2026-11-22T15:00:00Z (UTC unless it says otherwise), or seconds since 1970',
    )
  }
  if (nanos < 0n) return 0n
  return nanos < lastNanos ? nanos : lastNanos
}

function momentOf(text: string, nowMillis: number): bigint | undefined {
  const today = nowMillis - (nowMillis % dayMillis)
  if (text === 'now') return ofMillis(nowMillis)
  if (text === 'today') return ofMillis(today)
  if (text === 'yesterday') return ofMillis(today - dayMillis)
  const ago = text.replace(/\s+ago$/, '')
  if (durations.test(ago)) return ofMillis(nowMillis - parseDuration(ago))
  if (/^\d+(\.\d+)?$/.test(text)) return epochOf(text)
  if (/^\d\d:\d\d/.test(text)) {
    const at = (dayStart: number): bigint | undefined =>
      nanosOfIso(`${new Date(dayStart).toISOString().slice(0, 10)}T${text}`)
    const nanos = at(today)
    // The last time that it was that late.
    return nanos !== undefined && nanos > ofMillis(nowMillis) ? at(today - dayMillis) : nanos
  }
  return nanosOfIso(text)
}

/** Seconds, milliseconds, microseconds or nanoseconds: what the number of digits makes them, from 2001 to 2286. */
function epochOf(text: string): bigint | undefined {
  const [whole = '', fraction = ''] = text.split('.')
  const digits = [10, 13, 16, 19].find((length) => length === whole.length)
  if (digits === undefined || fraction.length > 19 - digits) return undefined
  return BigInt((whole + fraction).padEnd(19, '0'))
}

function ofMillis(millis: number): bigint {
  return BigInt(Math.round(millis * 1000)) * 1000n
}
