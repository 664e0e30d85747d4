import type { Cursor, RowSource, StoredRow } from './stored-row.js'
import { compareBytes } from '../../base/compare-bytes.js'
import { lowerBound } from '../../base/lower-bound.js'

/** Rows in memory, in order of their keys, each key once. */
export class SortedRows implements RowSource {
  /** `rows` are in order. */
  constructor(readonly rows: readonly StoredRow[]) {}

  cursor(from: Uint8Array, to: Uint8Array): Cursor {
    const { rows } = this
    const [first, last] = [rows[0], rows.at(-1)]
    // Most lists are of another time than the range: their ends say so, without a search.
    const isApart =
      first === undefined ||
      last === undefined ||
      compareBytes(last.key, from) < 0 ||
      compareBytes(first.key, to) >= 0
    return new ListCursor(rows, isApart ? rows.length : lowerBound(rows, from), to)
  }
}

class ListCursor implements Cursor {
  #key: Buffer | undefined

  constructor(
    private readonly rows: readonly StoredRow[],
    private at: number,
    private readonly to: Uint8Array,
  ) {
    this.#settle()
  }

  get key(): Buffer | undefined {
    return this.#key
  }

  get stamp(): number {
    return (this.rows[this.at] as StoredRow).stamp
  }

  value(): Buffer | null {
    return (this.rows[this.at] as StoredRow).value
  }

  next(): void {
    this.at++
    this.#settle()
  }

  #settle(): void {
    const key = this.rows[this.at]?.key
    this.#key = key !== undefined && compareBytes(key, this.to) < 0 ? key : undefined
  }
}

/**
 * Rows of an append file as they come. They are kept as a few sorted lists of growing size, so that neither adding nor looking
 * up costs what is there.
 */
export class AppendedRows {
  readonly #lists: SortedRows[] = []
  count = 0

  get sources(): readonly RowSource[] {
    return this.#lists
  }

  /** Rows of one put, each key once. */
  add(rows: StoredRow[]): void {
    if (rows.length === 0) return
    this.count += rows.length
    let list: readonly StoredRow[] = rows.sort((a, b) => Buffer.compare(a.key, b.key))
    for (
      let last = this.#lists.at(-1);
      last !== undefined && last.rows.length <= 2 * list.length;
      last = this.#lists.at(-1)
    ) {
      list = merged(last.rows, list)
      this.#lists.pop()
    }
    this.#lists.push(new SortedRows(list))
  }
}

/** Two sorted lists as one; of equal keys the later stamp stays. */
function merged(a: readonly StoredRow[], b: readonly StoredRow[]): StoredRow[] {
  const rows: StoredRow[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const [left, right] = [a[i] as StoredRow, b[j] as StoredRow]
    const order = Buffer.compare(left.key, right.key)
    if (order < 0) rows.push(left)
    else if (order > 0) rows.push(right)
    else rows.push(left.stamp > right.stamp ? left : right)
    if (order <= 0) i++
    if (order >= 0) j++
  }
  while (i < a.length) rows.push(a[i++] as StoredRow)
  while (j < b.length) rows.push(b[j++] as StoredRow)
  return rows
}
