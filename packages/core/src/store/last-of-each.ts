import type { Row } from './contract.js'

/** The last row of each key, for stores that promise no order within one batch. */
export function lastOfEach(rows: readonly Row[]): readonly Row[] {
  if (rows.length < 2) return rows
  const last = new Map<string, Row>()
  for (const row of rows) {
    const { buffer, byteOffset, length } = row.key
    last.set(Buffer.from(buffer, byteOffset, length).toString('latin1'), row)
  }
  return last.size === rows.length ? rows : [...last.values()]
}
