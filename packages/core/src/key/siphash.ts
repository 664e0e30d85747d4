/** A key of SipHash: four 32-bit words, little endian, as the 16 bytes of the key hold them. */
export type SipKey = readonly [k0: number, k1: number, k2: number, k3: number]

/** The key that 16 bytes are. */
export function sipKey(bytes: Uint8Array): SipKey {
  if (bytes.length !== 16) throw new TypeError(`a SipHash key has 16 bytes (got ${bytes.length})`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return [view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true), view.getInt32(12, true)]
}

/**
 * SipHash-2-4 (Aumasson, Bernstein), in 32-bit halves, as a JavaScript number has no 64 bits. The text is given as little-endian words:
 * a caller that has ids as words never makes bytes of them.
 * @param words the text; all bytes after its last one, up to the end of their word, are 0
 * @param length bytes of the text
 * @param out gets the lower and the upper half of the hash
 */
export function sipHash24(key: SipKey, words: Int32Array, length: number, out: Int32Array): void {
  const [k0l, k0h, k1l, k1h] = key
  let v0l = k0l ^ 0x70736575
  let v0h = k0h ^ 0x736f6d65
  let v1l = k1l ^ 0x6e646f6d
  let v1h = k1h ^ 0x646f7261
  let v2l = k0l ^ 0x6e657261
  let v2h = k0h ^ 0x6c796765
  let v3l = k1l ^ 0x79746573
  let v3h = k1h ^ 0x74656462
  // Two rounds for each block of eight bytes, the last of which holds the length too; then four.
  const lastBlock = length >>> 3
  const wordCount = (length + 3) >>> 2
  for (let block = 0; block < lastBlock + 3; block++) {
    const at = 2 * block
    const ml = at < wordCount ? (words[at] as number) : 0
    let mh = at + 1 < wordCount ? (words[at + 1] as number) : 0
    if (block === lastBlock) mh |= length << 24
    else if (block === lastBlock + 1) v2l ^= 0xff
    v3l ^= ml
    v3h ^= mh

    // The round is spelled twice: a loop around it costs a sixth of the whole.
    let sum = (v0l + v1l) | 0
    v0h = (v0h + v1h + carry(v0l, v1l, sum)) | 0
    v0l = sum
    let low = v1l
    v1l = ((low << 13) | (v1h >>> 19)) ^ v0l
    v1h = ((v1h << 13) | (low >>> 19)) ^ v0h
    low = v0l
    v0l = v0h
    v0h = low
    sum = (v2l + v3l) | 0
    v2h = (v2h + v3h + carry(v2l, v3l, sum)) | 0
    v2l = sum
    low = v3l
    v3l = ((low << 16) | (v3h >>> 16)) ^ v2l
    v3h = ((v3h << 16) | (low >>> 16)) ^ v2h
    sum = (v0l + v3l) | 0
    v0h = (v0h + v3h + carry(v0l, v3l, sum)) | 0
    v0l = sum
    low = v3l
    v3l = ((low << 21) | (v3h >>> 11)) ^ v0l
    v3h = ((v3h << 21) | (low >>> 11)) ^ v0h
    sum = (v2l + v1l) | 0
    v2h = (v2h + v1h + carry(v2l, v1l, sum)) | 0
    v2l = sum
    low = v1l
    v1l = ((low << 17) | (v1h >>> 15)) ^ v2l
    v1h = ((v1h << 17) | (low >>> 15)) ^ v2h
    low = v2l
    v2l = v2h
    v2h = low

    sum = (v0l + v1l) | 0
    v0h = (v0h + v1h + carry(v0l, v1l, sum)) | 0
    v0l = sum
    low = v1l
    v1l = ((low << 13) | (v1h >>> 19)) ^ v0l
    v1h = ((v1h << 13) | (low >>> 19)) ^ v0h
    low = v0l
    v0l = v0h
    v0h = low
    sum = (v2l + v3l) | 0
    v2h = (v2h + v3h + carry(v2l, v3l, sum)) | 0
    v2l = sum
    low = v3l
    v3l = ((low << 16) | (v3h >>> 16)) ^ v2l
    v3h = ((v3h << 16) | (low >>> 16)) ^ v2h
    sum = (v0l + v3l) | 0
    v0h = (v0h + v3h + carry(v0l, v3l, sum)) | 0
    v0l = sum
    low = v3l
    v3l = ((low << 21) | (v3h >>> 11)) ^ v0l
    v3h = ((v3h << 21) | (low >>> 11)) ^ v0h
    sum = (v2l + v1l) | 0
    v2h = (v2h + v1h + carry(v2l, v1l, sum)) | 0
    v2l = sum
    low = v1l
    v1l = ((low << 17) | (v1h >>> 15)) ^ v2l
    v1h = ((v1h << 17) | (low >>> 15)) ^ v2h
    low = v2l
    v2l = v2h
    v2h = low

    v0l ^= ml
    v0h ^= mh
  }
  out[0] = v0l ^ v1l ^ v2l ^ v3l
  out[1] = v0h ^ v1h ^ v2h ^ v3h
}

/** 1 when the unsigned sum of `a` and `b` did not fit 32 bits. Without a comparison, which would cost more than the rest. */
function carry(a: number, b: number, sum: number): number {
  return ((a & b) | ((a | b) & ~sum)) >>> 31
}
