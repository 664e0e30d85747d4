/**
 * A duration for people: `870 µs`, `8.1 ms`, `2.35 s`, `4 min 10 s`; three significant digits, none invented.
 */
export function formatDuration(micros: number): string {
  if (micros < 1000) return `${Math.round(micros)} µs`
  if (micros < 999_500) return `${digits(micros / 1000)} ms`
  if (micros < 59_950_000) return `${digits(micros / 1e6)} s`
  const seconds = Math.round(micros / 1e6)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** A size for people, in powers of 1000: `812 B`, `1.81 kB`, `3.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${digits(bytes / 1000)} kB`
  if (bytes < 1e9) return `${digits(bytes / 1e6)} MB`
  return `${digits(bytes / 1e9)} GB`
}

/** `1 scan`, `3 scans`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`
}

/** Time of day of an ISO time, to the millisecond, in UTC: `15:00:00.123Z`. What is not a time stays as it is. */
export function formatClock(time: string): string {
  const clock = /T(\d\d:\d\d:\d\d(?:\.\d{3})?)/.exec(time)?.[1]
  return clock === undefined ? time : `${clock}Z`
}

/** ISO 8601 in UTC with nanoseconds. */
export function formatNanos(nanos: bigint): string {
  const seconds = new Date(Number(nanos / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${(nanos % 1_000_000_000n).toString().padStart(9, '0')}Z`
}

function digits(value: number): string {
  if (value >= 99.95) return value.toFixed(0)
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2)
}
