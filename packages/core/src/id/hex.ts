const digits = Uint8Array.from('0123456789abcdef', (text) => text.charCodeAt(0))
const digit = (n: number): number => digits[n & 15] as number

/** The 32 digits of four words, as one text: eight texts put together cost three times as much, and again when the text is read. */
export const hexOfWords = (a: number, b: number, c: number, d: number): string =>
  String.fromCharCode(
    digit(a >>> 28),
    digit(a >>> 24),
    digit(a >>> 20),
    digit(a >>> 16),
    digit(a >>> 12),
    digit(a >>> 8),
    digit(a >>> 4),
    digit(a),
    digit(b >>> 28),
    digit(b >>> 24),
    digit(b >>> 20),
    digit(b >>> 16),
    digit(b >>> 12),
    digit(b >>> 8),
    digit(b >>> 4),
    digit(b),
    digit(c >>> 28),
    digit(c >>> 24),
    digit(c >>> 20),
    digit(c >>> 16),
    digit(c >>> 12),
    digit(c >>> 8),
    digit(c >>> 4),
    digit(c),
    digit(d >>> 28),
    digit(d >>> 24),
    digit(d >>> 20),
    digit(d >>> 16),
    digit(d >>> 12),
    digit(d >>> 8),
    digit(d >>> 4),
    digit(d),
  )

/** The 16 digits of two words. */
export const hex64 = (a: number, b: number): string =>
  String.fromCharCode(
    digit(a >>> 28),
    digit(a >>> 24),
    digit(a >>> 20),
    digit(a >>> 16),
    digit(a >>> 12),
    digit(a >>> 8),
    digit(a >>> 4),
    digit(a),
    digit(b >>> 28),
    digit(b >>> 24),
    digit(b >>> 20),
    digit(b >>> 16),
    digit(b >>> 12),
    digit(b >>> 8),
    digit(b >>> 4),
    digit(b),
  )

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
