/** `2026-11-22T15:00:00.123456789Z` from nanoseconds since the epoch. */
export function isoNanos(nanos: bigint): string {
  const millis = Number(nanos / 1_000_000n)
  if (millis > 8_640_000_000_000_000) return 'the end of time'
  const rest = String(nanos % 1_000_000n).padStart(6, '0')
  return `${new Date(millis).toISOString().slice(0, -1)}${rest}Z`
}

/**
 * Nanoseconds since the epoch from an ISO time with up to nine fractional digits; undefined for other text.
 */
export function nanosOfIso(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text)
  if (match === null) return undefined
  const seconds = Date.parse(`${match[1]}Z`)
  if (Number.isNaN(seconds)) return undefined
  return BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}
