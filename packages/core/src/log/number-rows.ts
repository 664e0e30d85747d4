/** Rows of numbers, one after the other in an array that is used again: a new one for each batch would wait for the garbage collector. */

/** An array keeps room for this number of rows. */
export const leastRows = 1024

/** The rows for which an array has room that holds `count`: a power of two. */
export const capacityFor = (count: number): number =>
  Math.max(leastRows, 2 ** Math.ceil(Math.log2(count + 1)))

/** Is there room for far more rows than there are? Busy times end. */
export const isSparse = (count: number, capacity: number): boolean =>
  capacity > leastRows && count * 16 < capacity

/** Copies a row over another. */
export function moveRow(rows: Uint32Array, width: number, from: number, to: number): void {
  for (let i = 0; i < width; i++) rows[to * width + i] = rows[from * width + i] as number
}

/** A copy with another length: longer with zeros, or shorter. */
export function resized(rows: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(length)
  copy.set(rows.length > length ? rows.subarray(0, length) : rows)
  return copy
}
