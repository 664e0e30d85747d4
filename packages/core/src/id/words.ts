const digits = new Int8Array(65_536).fill(-1)
for (let value = 0; value < 16; value++) digits[value.toString(16).charCodeAt(0)] = value

const digit = (text: string, at: number): number => digits[text.charCodeAt(at)] as number

/** Four lowercase hex digits from `at`; negative when one is none. The text must be long enough. */
export const hexHalf = (text: string, at: number): number =>
  (digit(text, at) << 12) | (digit(text, at + 1) << 8) | (digit(text, at + 2) << 4) | digit(text, at + 3)

/**
 * Reads the four big-endian words of 32 lowercase hex digits into `into`, from `at` on, without a text for each. False when the text is
 * something else: then the words mean nothing.
 */
export function readWords(id: string, into: Int32Array, at = 0): boolean {
  if (id.length !== 32) return false
  let all = 0
  for (let i = 0; i < 4; i++) {
    const upper = hexHalf(id, 8 * i)
    const lower = hexHalf(id, 8 * i + 4)
    all |= upper | lower
    into[at + i] = (upper << 16) | lower
  }
  return all >= 0
}
