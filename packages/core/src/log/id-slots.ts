import { randomBytes } from 'node:crypto'
import type { HopId } from '../id/types.js'
import { readWords } from '../id/words.js'
import { capacityFor, isSparse, leastRows, moveRow, resized } from './number-rows.js'

const idWords = 4

/**
 * Ids in slots 0, 1, 2, … as numbers alone, so that the garbage collector has nothing to visit. They are found
 * by an open-addressed hash table with linear probing. Its hash is multilinear with random factors: a sender
 * of ids cannot choose ids that collide.
 */
export class IdSlots {
  private used = 0
  private words: Uint32Array
  /** Slots, each plus one; 0 is empty. Twice as many places as slots, a power of two. */
  private index: Int32Array
  private readonly wanted = new Int32Array(idWords)
  private readonly bytes = Buffer.alloc(idWords * 4)
  private readonly factors = new Int32Array(idWords)

  constructor() {
    this.words = new Uint32Array(leastRows * idWords)
    this.index = new Int32Array(leastRows * 2)
    const random = randomBytes(idWords * 4)
    for (let i = 0; i < idWords; i++) this.factors[i] = random.readInt32BE(4 * i) | 1
  }

  get length(): number {
    return this.used
  }

  /** Adds the 16 bytes of an id and returns its slot. */
  add(bytes: Buffer, at: number): number {
    const to = this.room()
    for (let i = 0; i < idWords; i++) this.words[to + i] = bytes.readUInt32BE(at + 4 * i)
    return this.enter(this.used++)
  }

  /** Copies the id of a slot into an earlier one, which is found only after {@link keep}. */
  move(from: number, to: number): void {
    moveRow(this.words, idWords, from, to)
  }

  /** Keeps the first slots alone. */
  keep(count: number): void {
    if (isSparse(count, this.index.length / 2)) {
      const capacity = capacityFor(count)
      this.words = resized(this.words, capacity * idWords)
      this.index = new Int32Array(capacity * 2)
    } else this.index.fill(0)
    this.used = count
    for (let slot = 0; slot < count; slot++) this.enter(slot)
  }

  /** A slot with this id that `isIn`; -1 for none. */
  find(id: HopId, isIn: (slot: number) => boolean): number {
    return readWords(id, this.wanted) ? this.findWanted(isIn) : -1
  }

  /** The same for the 16 bytes of an id. */
  findBytes(bytes: Buffer, at: number, isIn: (slot: number) => boolean): number {
    for (let i = 0; i < idWords; i++) this.wanted[i] = bytes.readInt32BE(at + 4 * i)
    return this.findWanted(isIn)
  }

  id(slot: number): HopId {
    for (let i = 0; i < idWords; i++) this.bytes.writeUInt32BE(this.word(slot, i), 4 * i)
    return this.bytes.toString('hex') as HopId
  }

  /** One of the four big-endian words of an id, unsigned. */
  word(slot: number, i: number): number {
    return this.words[slot * idWords + i] as number
  }

  /** Like the comparison of the ids as texts. */
  compare(a: number, b: number): number {
    for (let i = 0; i < idWords; i++) {
      const difference = this.word(a, i) - this.word(b, i)
      if (difference !== 0) return difference
    }
    return 0
  }

  private findWanted(isIn: (slot: number) => boolean): number {
    const { index, wanted } = this
    let at = this.placeOf(wanted[0] as number, wanted[1] as number, wanted[2] as number, wanted[3] as number)
    for (; index[at] !== 0; at = (at + 1) & (index.length - 1)) {
      const slot = (index[at] as number) - 1
      if (this.isWanted(slot) && isIn(slot)) return slot
    }
    return -1
  }

  private isWanted(slot: number): boolean {
    for (let i = 0; i < idWords; i++) if ((this.word(slot, i) | 0) !== this.wanted[i]) return false
    return true
  }

  /** The place of the next id's words. */
  private room(): number {
    const to = this.used * idWords
    if (to === this.words.length) this.grow()
    return to
  }

  private enter(slot: number): number {
    const { index } = this
    let at = this.placeOf(this.word(slot, 0), this.word(slot, 1), this.word(slot, 2), this.word(slot, 3))
    while (index[at] !== 0) at = (at + 1) & (index.length - 1)
    index[at] = slot + 1
    return slot
  }

  private placeOf(a: number, b: number, c: number, d: number): number {
    const { factors } = this
    const sum =
      Math.imul(a, factors[0] as number) +
      Math.imul(b, factors[1] as number) +
      Math.imul(c, factors[2] as number) +
      Math.imul(d, factors[3] as number)
    // The high bits of a product depend on all bits of its factors.
    return (sum >>> 0) >>> (Math.clz32(this.index.length) + 1)
  }

  private grow(): void {
    this.words = resized(this.words, this.words.length * 2)
    this.index = new Int32Array(this.index.length * 2)
    for (let slot = 0; slot < this.used; slot++) this.enter(slot)
  }
}
