/**
 * Numbers the lower halves of ids (sequence, address, port): an instance sees few, so an id costs its nanoseconds and a small
 * number. An open hash table over two words, as no string is cut out of the id for it.
 */
export class TailDictionary {
  /** High and low words, in the order of their numbers. */
  readonly words: number[] = []
  #slots = new Int32Array(256)
  #last = -1

  get size(): number {
    return this.words.length / 2
  }

  /** The number of a tail. */
  number(high: number, low: number): number {
    const { words } = this
    const last = this.#last
    if (last >= 0 && words[last * 2] === high && words[last * 2 + 1] === low) return last
    const mask = this.#slots.length - 1
    let at = hash(high, low) & mask
    for (let found = this.#slots[at] as number; found !== 0; found = this.#slots[at] as number) {
      if (words[found * 2 - 2] === high && words[found * 2 - 1] === low) return (this.#last = found - 1)
      at = (at + 1) & mask
    }
    words.push(high, low)
    this.#slots[at] = this.size
    this.#last = this.size - 1
    if (this.size * 2 > this.#slots.length) this.#grow()
    return this.#last
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 4)
    const mask = slots.length - 1
    for (let i = 0; i < this.size; i++) {
      let at = hash(this.words[i * 2] as number, this.words[i * 2 + 1] as number) & mask
      while (slots[at] !== 0) at = (at + 1) & mask
      slots[at] = i + 1
    }
    this.#slots = slots
  }
}

function hash(high: number, low: number): number {
  const mixed = Math.imul(high ^ Math.imul(low, 0x9e3779b1), 0x85ebca6b)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
