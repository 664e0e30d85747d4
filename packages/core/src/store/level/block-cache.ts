/** A larger block is not kept. */
const maxBlockBytes = 1 << 19

/** The most recently read table blocks, up to a number of bytes. */
export class BlockCache {
  readonly #blocks = new Map<string, Buffer>()
  #bytes = 0

  constructor(private readonly maxBytes: number) {}

  get(name: string): Buffer | undefined {
    const found = this.#blocks.get(name)
    if (found === undefined) return undefined
    this.#blocks.delete(name)
    this.#blocks.set(name, found)
    return found
  }

  set(name: string, block: Buffer): void {
    if (block.length > maxBlockBytes || this.#blocks.has(name)) return
    this.#blocks.set(name, block)
    this.#bytes += block.length
    for (const [oldest, { length }] of this.#blocks) {
      if (this.#bytes <= this.maxBytes) break
      this.#blocks.delete(oldest)
      this.#bytes -= length
    }
  }
}
