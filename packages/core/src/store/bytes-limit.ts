import type { InstanceRow } from '../record/instance-row.js'

/** The share of the limit that is left after deleting, so that not every window leads to a new look at all keys. */
const leftShare = 7 / 8

/** What is known of the bytes of one service in one store. */
export interface BytesLimit {
  /** The registry's rows of all runs of the service that ship to the store. */
  readonly rows: readonly Pick<InstanceRow, 'bytes' | 'heartbeatMillis' | 'windowMillis'>[]
  readonly maxBytes: number
  /** Records with older ids have been deleted before, milliseconds since the epoch. */
  readonly fromMillis: number
}

/**
 * The time up to which records have to be deleted so that the rest takes seven eighths of the limit, in milliseconds since the epoch.
 * Undefined while all of them take no more than the limit. Within an entry of a row's counts, bytes are taken to be spread evenly.
 */
export function millisToDelete({ rows, maxBytes, fromMillis }: BytesLimit): number | undefined {
  const spans = rows.flatMap(spansOf).filter(({ toMillis }) => toMillis > fromMillis)
  const all = bytesFrom(spans, fromMillis)
  if (all <= maxBytes) return undefined
  const most = maxBytes * leftShare
  // The bytes from a time on decrease with the time.
  let low = fromMillis
  let high = spans.reduce((latest, { toMillis }) => Math.max(latest, toMillis), fromMillis)
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2)
    if (bytesFrom(spans, middle) > most) low = middle
    else high = middle
  }
  return high
}

interface Span {
  readonly fromMillis: number
  readonly toMillis: number
  readonly bytes: number
}

function spansOf({ bytes: entries = [], heartbeatMillis, windowMillis }: BytesLimit['rows'][number]): Span[] {
  return entries.map(([fromMillis, bytes], index) => {
    const next = entries[index + 1]?.[0] ?? Math.max(heartbeatMillis, fromMillis + windowMillis)
    return { fromMillis, toMillis: next, bytes }
  })
}

function bytesFrom(spans: readonly Span[], millis: number): number {
  return spans.reduce((sum, { fromMillis, toMillis, bytes }) => {
    if (millis <= fromMillis) return sum + bytes
    return millis >= toMillis ? sum : sum + (bytes * (toMillis - millis)) / (toMillis - fromMillis)
  }, 0)
}
