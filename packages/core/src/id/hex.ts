/** The 65,536 four-digit lowercase hex texts: an id is put together from eight of them, without a radix conversion. */
export const HEX16: readonly string[] = Array.from({ length: 65_536 }, (_, n) =>
  n.toString(16).padStart(4, '0'),
)

/** Four digits of `n`'s low 16 bits. */
export const hex16 = (n: number): string => HEX16[n & 0xffff] as string

/** Eight digits of `n`'s low 32 bits. */
export const hex32 = (n: number): string => hex16(n >>> 16) + hex16(n)

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
const words = new Uint32Array(2)
const big = new BigUint64Array(words.buffer)
const HIGH = LITTLE_ENDIAN ? 1 : 0

/** `high * 2^32 + low` as a bigint, without bigint arithmetic. Both are read as unsigned 32-bit numbers. */
export const joinWords = (high: number, low: number): bigint => {
  words[HIGH] = high
  words[1 - HIGH] = low
  return big[0] as bigint
}

/** The inverse of {@link joinWords}: `[high, low]` of the low 64 bits. */
export const splitWords = (value: bigint): [high: number, low: number] => {
  big[0] = BigInt.asUintN(64, value)
  return [words[HIGH] as number, words[1 - HIGH] as number]
}
