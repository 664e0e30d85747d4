import type { HopId } from './types.js'
import { readWords } from './words.js'

const words = new Int32Array(4)

/** Seconds of id time to remember: more than an id may differ from now, into the future or the past. */
const seconds = 128
/** The maximum number of ids per second; further ids count as taken. */
const maxPerSecond = 32_768
const firstSlots = 64

/** The ids of one second of id time: an open-addressing table of 64-bit fingerprints. */
interface Slice {
  second: number
  count: number
  slots: Uint32Array
}

/**
 * The assigned ids that an instance took, so that it takes none twice. It forgets them by their own time, not
 * by count. An id older than {@link seconds} counts as taken. So does, once in 2^63 pairs, an id that was
 * never seen: its hop then issues a new id, which is always correct.
 */
export class TakenIds {
  readonly #slices: (Slice | undefined)[] = new Array<Slice | undefined>(seconds)
  #newest = 0

  /** True when it was not taken before; from now on it is. */
  add(id: HopId): boolean {
    readWords(id, words)
    const high = (words[0] as number) >>> 0
    const low = (words[1] as number) >>> 0
    const second = Math.floor((high * 4_294_967_296 + low) / 1e9)
    if (second <= this.#newest - seconds) return false
    if (second > this.#newest) this.#newest = second
    const slice = this.#sliceOf(second)
    if (slice.count >= maxPerSecond) return false
    if (slice.count * 2 >= slice.slots.length / 2) grow(slice)
    const rest = mix((words[2] as number) ^ Math.imul(words[3] as number, 0x9e3779b1))
    if (!insert(slice.slots, low, (rest | 1) >>> 0)) return false
    slice.count++
    return true
  }

  #sliceOf(second: number): Slice {
    const index = second % seconds
    let slice = this.#slices[index]
    if (slice === undefined) {
      slice = { second, count: 0, slots: new Uint32Array(firstSlots * 2) }
      this.#slices[index] = slice
    } else if (slice.second !== second) {
      if (slice.count * 16 < slice.slots.length) slice.slots = new Uint32Array(firstSlots * 2)
      else slice.slots.fill(0)
      slice.second = second
      slice.count = 0
    }
    return slice
  }
}

/** Puts a fingerprint in; false when it is there. Its second half is never 0, which marks a free slot. */
function insert(slots: Uint32Array, first: number, second: number): boolean {
  const mask = slots.length / 2 - 1
  for (let slot = mix(first) & mask; ; slot = (slot + 1) & mask) {
    if (slots[slot * 2 + 1] === 0) {
      slots[slot * 2] = first
      slots[slot * 2 + 1] = second
      return true
    }
    if (slots[slot * 2] === first && slots[slot * 2 + 1] === second) return false
  }
}

function grow(slice: Slice): void {
  const before = slice.slots
  slice.slots = new Uint32Array(before.length * 2)
  for (let at = 0; at < before.length; at += 2) {
    const second = before[at + 1] as number
    if (second !== 0) insert(slice.slots, before[at] as number, second)
  }
}

function mix(n: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
