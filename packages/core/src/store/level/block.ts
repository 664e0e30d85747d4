import { compareBytes } from '../../base/compare-bytes.js'

/**
 * Goes through the rows of a table's block, which `table-format.ts` describes. It puts together only the keys
 * that it stops at: reaching one row makes no object of each row before it. Throws `RangeError` if a row does
 * not end within the block.
 */
export class BlockCursor {
  #key: Buffer | undefined
  #stamp = 0
  /** How many bytes the row's key shares with the key before. */
  #shared = 0
  /** Where the rest of the row's key begins, and its value, and the next row. */
  #ownAt = 0
  #valueAt = 0
  #end = 0
  #isDeleted = false

  /** Begins at the first row. `latest` is the stamp from which the ages of rows are counted. */
  constructor(
    private readonly bytes: Buffer,
    private readonly latest: number,
  ) {
    this.next()
  }

  /** Undefined at the end. */
  get key(): Buffer | undefined {
    return this.#key
  }

  get stamp(): number {
    return this.#stamp
  }

  /** Null if the row was deleted. A part of the block, not a copy. */
  value(): Buffer | null {
    return this.#isDeleted ? null : this.bytes.subarray(this.#valueAt, this.#end)
  }

  next(): void {
    this.#key = this.#enter() ? this.#keyAfter(this.#key) : undefined
  }

  /** Moves to the first row whose key is not below `from`. */
  reach(from: Uint8Array): void {
    if (this.#key === undefined || compareBytes(this.#key, from) >= 0) return
    // Keys rise. A row that shares more with the row before than that one has in common with `from` is below, too.
    let common = commonBytes(this.#key, 0, this.#key.length, from, 0)
    while (this.#enter()) {
      if (this.#shared > common) continue
      common = this.#shared + commonBytes(this.bytes, this.#ownAt, this.#valueAt, from, this.#shared)
      const at = this.#ownAt + common - this.#shared
      const isBelow =
        common < from.length &&
        (at === this.#valueAt || (this.bytes[at] as number) < (from[common] as number))
      if (isBelow) continue
      this.#key = this.#keyAfter(from)
      return
    }
    this.#key = undefined
  }

  /** Goes to the next row; false at the end. */
  #enter(): boolean {
    const { bytes } = this
    if (this.#end >= bytes.length) return false
    this.#shared = this.#varint()
    const ownBytes = this.#varint()
    const value = this.#varint()
    this.#isDeleted = value === 0
    this.#stamp = this.latest - this.#varint()
    this.#ownAt = this.#end
    this.#valueAt = this.#ownAt + ownBytes
    this.#end = this.#valueAt + Math.max(0, value - 1)
    if (this.#end > bytes.length) throw new RangeError('a row does not end within its block')
    return true
  }

  /** The row's key; `before` begins with what it shares. */
  #keyAfter(before: Uint8Array | undefined): Buffer {
    const own = this.bytes.subarray(this.#ownAt, this.#valueAt)
    return before === undefined || this.#shared === 0
      ? own
      : Buffer.concat([before.subarray(0, this.#shared), own])
  }

  #varint(): number {
    const { bytes } = this
    let value = 0
    let scale = 1
    for (;;) {
      const byte = bytes[this.#end++]
      if (byte === undefined) throw new RangeError('a row does not end within its block')
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }
}

/** How many bytes of `own`, between two places, are those of `key` from `at` on. */
function commonBytes(own: Uint8Array, from: number, to: number, key: Uint8Array, at: number): number {
  const most = Math.min(to - from, key.length - at)
  let count = 0
  while (count < most && own[from + count] === key[at + count]) count++
  return count
}
