import { crc32 as native } from 'node:zlib'

/**
 * From this length on, the native function is faster, although it needs a view of the bytes and a call out of
 * JavaScript.
 */
const nativeFrom = 80

/** Of each byte, the remainder of the reversed polynomial of IEEE 802.3. */
const remainders = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
  return rest
})

/**
 * CRC-32 (IEEE 802.3) of `bytes[from, to)`, continued from `seed`. Equals `zlib.crc32` of that part, if the
 * part is not empty.
 */
export function crc32(bytes: Uint8Array, from: number, to: number, seed: number): number {
  if (to - from >= nativeFrom) return native(bytes.subarray(from, to), seed)
  let rest = ~seed
  for (let at = from; at < to; at++) {
    rest = (rest >>> 8) ^ (remainders[(rest ^ (bytes[at] as number)) & 255] as number)
  }
  return ~rest >>> 0
}
