import { checkTtlSeconds } from '../store/retention.js'

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** How long records are kept, in seconds: `90s`, `30m`, `12h`, `7d`, `4w` or `forever`. Undefined if the text is no such time. */
export function secondsToKeep(text: string): number | undefined {
  if (text === 'forever') return Infinity
  const [, count, unit = ''] = /^([1-9]\d{0,9})([smhdw])$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * (unitSeconds[unit] as number)
}

/** How long records are kept, as `HOPTRACE_RETENTION` says it. In seconds. Throws `TypeError`. */
export function parseRetention(text: string): number {
  const seconds = secondsToKeep(text)
  if (seconds === undefined) {
    throw new TypeError(
      `HOPTRACE_RETENTION must be a time such as 90s, 30m, 12h, 7d or 4w, or forever (got ${JSON.stringify(text)})`,
    )
  }
  checkTtlSeconds('HOPTRACE_RETENTION', seconds)
  return seconds
}
