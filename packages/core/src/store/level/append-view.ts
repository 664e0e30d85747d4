import { closeFileSync, openFileSync, pathOf, readAtSync } from '../../files/index.js'
import { chainStart, readFrame } from './append-file.js'
import { Unsettled } from './damage.js'
import { filePlace } from './names.js'
import { AppendedRows, SortedRows } from './sorted-rows.js'
import type { RowSource, StoredRow } from './stored-row.js'

/** Read at once beyond what counts: more than one put. */
const beyondBytes = 16 << 20

/** Reads one append file as it grows. */
export class AppendView {
  readonly rows = new AppendedRows()
  /** Bytes that were read and count. */
  size = 0
  chain: number
  /** Latest stamp of a row. */
  stamp = 0
  /** A put that the head does not count yet: its writer is writing it, or died while writing it. */
  pending: RowSource | undefined
  pendingEnd: { readonly size: number; readonly chain: number } | undefined
  readonly #fd: number

  /** Throws `Unsettled` when the file is missing. */
  constructor(
    private readonly dir: string,
    private readonly writer: string,
    readonly number: number,
    nonce: number,
  ) {
    this.chain = chainStart(number, nonce)
    try {
      this.#fd = openFileSync(this.#place(), 'read')
    } catch (cause) {
      throw new Unsettled(`${this.#path()} cannot be read: ${String(cause)}`)
    }
  }

  /** Reads on up to where the head says that it counts. Throws `Unsettled` when that does not fit. */
  read(size: number, chain: number): void {
    if (size < this.size) throw new Unsettled(`${this.#path()} is shorter than it was`)
    if (size > this.size) {
      const bytes = readAtSync(this.#fd, this.size, size - this.size)
      const start = this.size
      for (let at = 0; at < size - start;) {
        const frame = readFrame(bytes, at, this.chain)
        if (frame === undefined) throw new Unsettled(`${this.#path()} is not as it was written`)
        this.rows.add(frame.rows)
        this.stamp = Math.max(this.stamp, frame.stamp)
        this.size = start + (at = frame.end)
        this.chain = frame.chain
      }
    }
    if (this.size !== size || this.chain !== chain)
      throw new Unsettled(`${this.#path()} is not as it was written`)
    this.#readPending()
  }

  close(): void {
    closeFileSync(this.#fd)
  }

  /** Only one put can be on its way. With more of them the head is an old one. */
  #readPending(): void {
    this.pending = undefined
    this.pendingEnd = undefined
    let bytes = readAtSync(this.#fd, this.size, 8)
    if (bytes.length < 8) return
    bytes = readAtSync(this.#fd, this.size, Math.max(beyondBytes, bytes.readUInt32BE(0) % (256 << 20)) + 8)
    const frame = readFrame(bytes, 0, this.chain)
    if (frame === undefined) return
    if (readFrame(bytes, frame.end, frame.chain) !== undefined)
      throw new Unsettled(`the head of ${this.writer} is older than ${this.#path()}`)
    const rows: StoredRow[] = frame.rows.sort((a, b) => Buffer.compare(a.key, b.key))
    this.stamp = Math.max(this.stamp, frame.stamp)
    this.pending = new SortedRows(rows)
    this.pendingEnd = { size: this.size + frame.end, chain: frame.chain }
  }

  #place() {
    return filePlace(this.dir, this.writer, this.number, 'append')
  }

  #path(): string {
    return pathOf(this.#place())
  }
}
