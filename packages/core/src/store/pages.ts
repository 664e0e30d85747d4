import type { ReadCounts } from './counts.js'
import type { Row, Store } from './contract.js'
import { nextKey } from './keys.js'

/** `from` is inclusive, `to` exclusive. */
export interface KeyRange {
  readonly from: Uint8Array
  readonly to: Uint8Array
}

/** The first rows of a range. */
export async function page(
  store: Store,
  { from, to }: KeyRange,
  limit: number,
  counts: ReadCounts,
  signal?: AbortSignal,
): Promise<readonly Row[]> {
  counts.scans++
  const rows = await store.scan({ from, to, limit, ...(signal && { signal }) })
  for (const { value } of rows) counts.bytes += value.length
  return rows
}

/** The rows of a range, page by page; a page is read when it is asked for. Ends without a further read where a page is short. `firstLimit`: rows of the first page. */
export async function* pages(
  store: Store,
  range: KeyRange,
  limit: number,
  counts: ReadCounts,
  signal?: AbortSignal,
  firstLimit = limit,
): AsyncGenerator<readonly Row[], void, undefined> {
  let { from } = range
  for (let most = firstLimit; ; most = limit) {
    const rows = await page(store, { from, to: range.to }, most, counts, signal)
    if (rows.length > 0) yield rows
    const last = rows[rows.length - 1]
    if (last === undefined || rows.length < most) return
    from = nextKey(last.key)
  }
}
