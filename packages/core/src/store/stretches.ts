import type { Row } from './contract.js'

/** Rows that follow each other, by their first and last key. */
export interface RowStretch {
  readonly first: Uint8Array
  readonly last: Uint8Array
  readonly count: number
}

/** The stretches of rows that are wanted: each can be removed as one range. */
export function stretches(rows: readonly Row[], wanted: (row: Row) => boolean): RowStretch[] {
  const found: RowStretch[] = []
  let open = false
  for (const row of rows) {
    const isWanted = wanted(row)
    const last = open ? found.pop() : undefined
    if (isWanted) found.push({ first: last?.first ?? row.key, last: row.key, count: (last?.count ?? 0) + 1 })
    else if (last !== undefined) found.push(last)
    open = isWanted
  }
  return found
}
