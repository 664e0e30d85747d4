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
