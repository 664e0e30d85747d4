/** `2026-11-22T15:00:00.123456789Z` from nanoseconds since the epoch. */
export function isoNanos(nanos: bigint): string {
  const millis = Number(nanos / 1_000_000n)
  if (millis > 8_640_000_000_000_000) return 'the end of time'
  const rest = String(nanos % 1_000_000n).padStart(6, '0')
  return `${new Date(millis).toISOString().slice(0, -1)}${rest}Z`
}

const date = String.raw`(\d{4})-(\d\d)-(\d\d)`
const clock = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?`
const pattern = new RegExp(`^${date}(?:[Tt ]${clock}(?: ?(Z|z|UTC|[+-]\\d\\d:?\\d\\d))?)?$`)

/**
 * Nanoseconds since the epoch of a date, or of a date and a time with up to nine digits after the point, in UTC unless it says otherwise:
 * every time that hoptrace prints. Undefined when it is none; a day that its month does not have is none.
 */
export function nanosOfIso(text: string): bigint | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match
  const parts = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [years, months, days, hours, minutes, seconds] = parts
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined
  const millis = Date.UTC(years, months - 1, days, hours, minutes, seconds)
  const made = new Date(millis)
  if (made.getUTCFullYear() !== years || made.getUTCMonth() !== months - 1 || made.getUTCDate() !== days)
    return undefined
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(zone)
  const [sign, offsetHours, offsetMinutes] = [offset?.[1], Number(offset?.[2] ?? 0), Number(offset?.[3] ?? 0)]
  if (offsetHours > 23 || offsetMinutes > 59) return undefined
  const away = (sign === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000
  return BigInt(millis - away) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
