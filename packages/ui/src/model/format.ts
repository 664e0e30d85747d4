/** A duration for people: `271 µs`, `3.42 ms`, `1.20 s`, `2 min 5 s`. */
export function formatDuration(micros: number | null): string {
  if (micros === null) return '–'
  if (micros < 0) return `-${formatDuration(-micros)}`
  if (micros < 1000) return `${Math.round(micros)} µs`
  if (micros < 1_000_000) return `${digits(micros / 1000)} ms`
  if (micros < 60_000_000) return `${digits(micros / 1_000_000)} s`
  const seconds = Math.round(micros / 1_000_000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

function digits(value: number): string {
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)
}

/** A time of day with milliseconds, UTC, from an ISO time. */
export function formatClock(iso: string): string {
  return `${iso.slice(11, 23)}Z`
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
