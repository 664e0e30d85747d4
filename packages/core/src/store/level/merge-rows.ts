import { compareBytes } from '../../base/compare-bytes.js'
import type { Cursor } from './stored-row.js'

/** One key of a merge: the cursors that point to it, the one with the latest stamp first. */
export interface MergedKey {
  readonly key: Buffer
  readonly newest: Cursor
  /** All cursors that are at the key. */
  readonly at: readonly Cursor[]
}

/** Goes through cursors side by side, in order of keys. What it gave is read before the next step. */
export class RowMerge {
  #cursors: Cursor[]
  readonly #at: Cursor[] = []

  constructor(cursors: readonly Cursor[]) {
    this.#cursors = cursors.filter(({ key }) => key !== undefined)
  }

  next(): MergedKey | undefined {
    if (this.#at.length > 0) this.#step()
    const cursors = this.#cursors
    const at = this.#at
    for (const cursor of cursors) {
      const order = at.length === 0 ? -1 : compareBytes(cursor.key as Buffer, (at[0] as Cursor).key as Buffer)
      if (order > 0) continue
      if (order < 0) at.length = 0
      if (order === 0 && cursor.stamp > (at[0] as Cursor).stamp) at.unshift(cursor)
      else at.push(cursor)
    }
    const newest = at[0]
    return newest && { key: newest.key as Buffer, newest, at }
  }

  #step(): void {
    let ended = false
    for (const cursor of this.#at) {
      cursor.next()
      ended ||= cursor.key === undefined
    }
    this.#at.length = 0
    if (ended) this.#cursors = this.#cursors.filter(({ key }) => key !== undefined)
  }
}
