import type { ByteCounts } from '../record/byte-counts.js'
import type { Row } from './contract.js'
import { idNanos, readAliasKey, readBusinessKey, readSegmentKey } from './keys.js'

/** Counts rows of records by the time of their window, and rows of keys and aliases by the time of their hop. */
export function countRows(counts: ByteCounts, rows: readonly Row[]): void {
  for (const { key, value } of rows) {
    const nanos = readSegmentKey(key)?.windowStartNanos ?? hopNanos(key)
    if (nanos !== undefined) counts.add(Number(nanos / 1_000_000n), key.length + value.length)
  }
}

function hopNanos(key: Uint8Array): bigint | undefined {
  const id = readBusinessKey(key) ?? readAliasKey(key)
  return id === undefined ? undefined : idNanos(id)
}
