/**
 * Writes a whole number from 0 to 2^53 - 1 as LEB128 (seven bits a byte, lowest first), which Protocol Buffers calls a varint: at most
 * eight bytes from `at` on, which must be there. Returns the offset behind it.
 */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value
  while (rest > 0x7fffffff) {
    bytes[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  while (rest > 127) {
    bytes[at++] = (rest & 127) | 0x80
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

/** How many bytes `writeVarint` writes. */
export function varintBytes(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}
