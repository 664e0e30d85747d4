import type { HopRecord } from '../record/record.js'
import type { Row } from '../store/contract.js'
import { idNanos, keyRows, segmentRows, windowStart } from '../store/index.js'
import type { InstanceRow } from '../record/instance-row.js'

/** The rows that an instance ships for records of any windows. */
export function segmentRecordsOf(row: InstanceRow, records: readonly HopRecord[]): Row[] {
  const windowNanos = BigInt(row.windowMillis) * 1_000_000n
  const windows = new Map<bigint, HopRecord[]>()
  for (const record of [...records].sort((a, b) => (a.hopId < b.hopId ? -1 : 1))) {
    const start = windowStart(idNanos(record.hopId), windowNanos)
    windows.set(start, [...(windows.get(start) ?? []), record])
  }
  const rows = keyRows(records)
  for (const [windowStartNanos, inWindow] of windows) {
    const meta = { service: row.service, instance: row }
    const batch = { meta, buckets: row.buckets, windowNanos, windowStartNanos, lane: 'first' as const }
    rows.push(...segmentRows({ ...batch, records: inWindow }).rows)
  }
  return rows
}
