const digits = new Int8Array(128)
for (let value = 0; value < 16; value++) digits[value.toString(16).charCodeAt(0)] = value

const digit = (id: string, at: number): number => digits[id.charCodeAt(at) & 127] as number

const word = (id: string, at: number): number =>
  (digit(id, at) << 28) |
  (digit(id, at + 1) << 24) |
  (digit(id, at + 2) << 20) |
  (digit(id, at + 3) << 16) |
  (digit(id, at + 4) << 12) |
  (digit(id, at + 5) << 8) |
  (digit(id, at + 6) << 4) |
  digit(id, at + 7)

/** The four big-endian words of 32 lowercase hex digits, without a text for each. Other texts give some words. */
export function readWords(id: string, into: Int32Array): void {
  into[0] = word(id, 0)
  into[1] = word(id, 8)
  into[2] = word(id, 16)
  into[3] = word(id, 24)
}
