import { hex64 } from './hex.js'
import type { HopId } from './types.js'
import { readWords } from './words.js'

const words = new Int32Array(4)

/** The finaliser of MurmurHash3 (Austin Appleby, public domain): each bit of `n` reaches each bit of the result. */
const fmix32 = (n: number): number => {
  let h = n ^ (n >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/**
 * The W3C parent-id of a HopId: 16 lowercase hex digits, never all zero. Part of the wire format:
 * the id is four big-endian 32-bit words `w0..w3`; `a = 0x686f7074`, `b = 0x72616365` ("hoptrace"); for each word
 * `a = fmix32(a ^ w)`, then `b = fmix32(b + a ^ w)` (mod 2^32, `+` before `^`); the result is `a` and `b`, and 1 in place of 0.
 */
export const fold64 = (id: HopId): string => {
  let a = 0x686f7074
  let b = 0x72616365
  readWords(id, words)
  for (let i = 0; i < 4; i++) {
    const word = words[i] as number
    a = fmix32(a ^ word)
    b = fmix32(((b + a) | 0) ^ word)
  }
  return (a | b) === 0 ? '0000000000000001' : hex64(a, b)
}
