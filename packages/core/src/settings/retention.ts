import { checkMaxBytes, checkTtlSeconds } from '../store/retention.js'

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const unitBytes: Readonly<Record<string, number>> = { kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 }

/** What a store keeps, as far as a text says it. */
export interface Retention {
  readonly ttlSeconds?: number
  readonly maxBytes?: number
}

/**
 * What `HOPTRACE_RETENTION` says: a time (`90s`, `30m`, `12h`, `7d`, `4w`, `forever`), a size (`500mb`, `10gb`; a kilobyte has 1,000 bytes),
 * or both with a comma between them. Throws `TypeError`.
 */
export function parseRetention(text: string): Retention {
  const parts = text.split(',').map((part) => part.trim())
  const times = parts.map(secondsOf).filter((seconds) => seconds !== undefined)
  const sizes = parts.map(bytesOf).filter((bytes) => bytes !== undefined)
  const [ttlSeconds, ...moreTimes] = times
  const [maxBytes, ...moreSizes] = sizes
  const isClear = moreTimes.length === 0 && moreSizes.length === 0
  if (!isClear || times.length + sizes.length !== parts.length) {
    throw new TypeError(
      `records are kept for a time (90s, 30m, 12h, 7d, 4w or forever), up to a size (500mb, 10gb), or both (7d,10gb); got ${JSON.stringify(text)}`,
    )
  }
  checkTtlSeconds('the time', ttlSeconds)
  checkMaxBytes('the size', maxBytes)
  return {
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  }
}

function secondsOf(text: string): number | undefined {
  if (text === 'forever') return Infinity
  const [, count, unit = ''] = /^([1-9]\d{0,9})([smhdw])$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * (unitSeconds[unit] as number)
}

function bytesOf(text: string): number | undefined {
  const [, count, unit = ''] = /^([1-9]\d{0,9})([kmgt]b)$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * (unitBytes[unit] as number)
}
