import { hexHalf } from '../id/words.js'

/** An id as four 32-bit words, so that no BigInt is made where a million ids pass. */
export interface Words {
  high: number
  low: number
  tailHigh: number
  tailLow: number
}

/** Eight lowercase hex digits from `at`, unsigned; NaN when one is something else. The text must be long enough. */
export function hexWord(text: string, at: number): number {
  const upper = hexHalf(text, at)
  const lower = hexHalf(text, at + 4)
  return (upper | lower) < 0 ? NaN : upper * 65_536 + lower
}

/** Reads 32 lowercase hex digits into `into`; false when the text is something else. */
export function readWords(text: string, into: Words): boolean {
  if (text.length !== 32) return false
  into.high = hexWord(text, 0)
  into.low = hexWord(text, 8)
  into.tailHigh = hexWord(text, 16)
  into.tailLow = hexWord(text, 24)
  return !Number.isNaN(into.high + into.low + into.tailHigh + into.tailLow)
}

const scratch = Buffer.alloc(16)

/** The 16 bytes of four words as 32 lowercase hex digits. */
export function wordsHex(high: number, low: number, tailHigh: number, tailLow: number): string {
  scratch.writeUInt32BE(high, 0)
  scratch.writeUInt32BE(low, 4)
  scratch.writeUInt32BE(tailHigh, 8)
  scratch.writeUInt32BE(tailLow, 12)
  return scratch.toString('hex')
}

const nanos = new BigUint64Array(1)
const halves = new Uint32Array(nanos.buffer)
// The platform's byte order decides which half is which.
nanos[0] = 1n
const lowHalf = halves[0] === 1 ? 0 : 1

/** The upper 32 bits of an unsigned 64-bit time. `nanosLow` then gives the lower ones of the same time. */
export function nanosHigh(time: bigint): number {
  nanos[0] = time
  return halves[1 - lowHalf] as number
}

/** The lower 32 bits of the time last given to `nanosHigh`. */
export function nanosLow(): number {
  return halves[lowHalf] as number
}

/** A time from its halves. */
export function joinNanos(high: number, low: number): bigint {
  halves[1 - lowHalf] = high
  halves[lowHalf] = low
  return nanos[0] as bigint
}
