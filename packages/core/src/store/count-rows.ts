import type { ByteCounts } from '../record/byte-counts.js'
import type { Row } from './contract.js'
import { idNanos, readAliasKey, readBusinessKey, readSegmentKey } from './keys.js'

/** Rows of keys are counted by the second, so that those of a second are one entry. */
const keyMillis = 1000

/** Counts rows of records by the time of their window, and rows of keys and aliases by the time of their hop. */
export function countRows(counts: ByteCounts, rows: readonly Row[]): void {
  for (const { key, value } of rows) {
    const millis = windowMillis(key) ?? hopMillis(key)
    if (millis !== undefined) counts.add(millis, key.length + value.length)
  }
}

function windowMillis(key: Uint8Array): number | undefined {
  const segment = readSegmentKey(key)
  return segment && Number(segment.windowStartNanos / 1_000_000n)
}

function hopMillis(key: Uint8Array): number | undefined {
  const id = readBusinessKey(key) ?? readAliasKey(key)
  if (id === undefined) return undefined
  const millis = Number(idNanos(id) / 1_000_000n)
  return millis - (millis % keyMillis)
}
