import type { StoredRow } from './stored-row.js'

/** A larger block is not kept. */
const maxBlockBytes = 1 << 19

/** The most recently read table blocks, decoded, up to a number of bytes. */
export class BlockCache {
  readonly #blocks = new Map<string, { readonly rows: readonly StoredRow[]; readonly bytes: number }>()
  #bytes = 0

  constructor(private readonly maxBytes: number) {}

  get(name: string): readonly StoredRow[] | undefined {
    const found = this.#blocks.get(name)
    if (found === undefined) return undefined
    this.#blocks.delete(name)
    this.#blocks.set(name, found)
    return found.rows
  }

  set(name: string, rows: readonly StoredRow[], blockBytes: number): void {
    if (blockBytes > maxBlockBytes || this.#blocks.has(name)) return
    // A row in memory takes more than its bytes.
    const bytes = blockBytes + rows.length * 256
    this.#blocks.set(name, { rows, bytes })
    this.#bytes += bytes
    for (const [oldest, block] of this.#blocks) {
      if (this.#bytes <= this.maxBytes) break
      this.#blocks.delete(oldest)
      this.#bytes -= block.bytes
    }
  }
}
