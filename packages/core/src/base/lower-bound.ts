import { compareBytes } from './compare-bytes.js'

/** The index of the first row with a key not below `key`, in rows sorted by key. */
export function lowerBound(rows: readonly { readonly key: Uint8Array }[], key: Uint8Array): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes((rows[middle] as { key: Uint8Array }).key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
