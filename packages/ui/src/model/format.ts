/**
 * A duration for people, with at most three digits: `271 µs`, `3.42 ms`, `1.20 s`, `2 min 5 s`, `2 h 1 min`; `–` where there is none.
 */
export function formatDuration(micros: number | null): string {
  if (micros === null) return '–'
  if (micros < 0) return `-${formatDuration(-micros)}`
  if (micros < 999.5) return `${Math.round(micros)} µs`
  if (micros < 999_500) return `${threeDigits(micros / 1000)} ms`
  if (micros < 59_950_000) return `${threeDigits(micros / 1_000_000)} s`
  const seconds = Math.round(micros / 1_000_000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** A number from 0 to 999 with at most three digits: `3.42`, `34.2`, `342`. */
export function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0)
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2)
}

/** Time of day of an ISO time, to the millisecond, in UTC: `15:00:00.123Z`. What is not a time stays as it is. */
export function formatClock(time: string): string {
  const clock = /T(\d\d:\d\d:\d\d(?:\.\d{3})?)/.exec(time)?.[1]
  return clock === undefined ? time : `${clock}Z`
}

/** ISO 8601 in UTC with nanoseconds, from nanoseconds since the epoch. */
export function formatNanos(nanos: bigint): string {
  const seconds = new Date(Number(nanos / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${(nanos % 1_000_000_000n).toString().padStart(9, '0')}Z`
}

/** How long ago something was: `now`, `42 s ago`, `3 min ago`. */
export function formatAgo(thenMillis: number, nowMillis: number): string {
  const seconds = Math.round((nowMillis - thenMillis) / 1000)
  if (seconds < 2) return 'now'
  return `${formatDuration(seconds * 1_000_000)
    .replace(/\.\d+/, '')
    .replace(/ min.*/, ' min')} ago`
}

/** Steps of a time axis that starts at 0: at most `most` of them, each 1, 2 or 5 times a power of ten apart. */
export function axisTicks(spanMicros: number, most: number): number[] {
  const least = spanMicros / Math.max(1, most)
  const power = 10 ** Math.floor(Math.log10(least))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10)
  const ticks: number[] = []
  for (let at = 0; at <= spanMicros; at += step) ticks.push(at)
  return ticks
}
