/** A key of SipHash: four 32-bit words, little endian, as the 16 bytes of the key hold them. */
export type SipKey = readonly [k0: number, k1: number, k2: number, k3: number]

/** The key that 16 bytes are. */
export function sipKey(bytes: Uint8Array): SipKey {
  if (bytes.length !== 16) throw new TypeError(`a SipHash key has 16 bytes (got ${bytes.length})`)
  return [word(bytes, 0), word(bytes, 4), word(bytes, 8), word(bytes, 12)]
}

const out = new Uint32Array(2)

/**
 * SipHash-2-4 (Aumasson, Bernstein) of the first `length` of `bytes`, in 32-bit halves, as a JavaScript number has no 64 bits.
 * @returns The lower and the upper half of the hash, unsigned, in an array that the next call writes again.
 */
export function sipHash24(key: SipKey, bytes: Uint8Array, length: number = bytes.length): Uint32Array {
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
  const blocks = (length >>> 3) + 1
  let ml = 0
  let mh = 0
  for (let round = 0; round < 2 * blocks + 4; round++) {
    if (round === 2 * blocks) v2l ^= 0xff
    else if (round < 2 * blocks && (round & 1) === 0) {
      const at = round << 2
      if (at + 8 <= length) {
        ml = word(bytes, at)
        mh = word(bytes, at + 4)
      } else {
        ml = tail(bytes, at, length)
        mh = tail(bytes, at + 4, length) | (length << 24)
      }
      v3l ^= ml
      v3h ^= mh
    }

    let sum = (v0l + v1l) | 0
    v0h = (v0h + v1h + carry(v0l, v1l, sum)) | 0
    v0l = sum
    let low = v1l
    v1l = (low << 13) | (v1h >>> 19)
    v1h = (v1h << 13) | (low >>> 19)
    v1l ^= v0l
    v1h ^= v0h
    low = v0l
    v0l = v0h
    v0h = low

    sum = (v2l + v3l) | 0
    v2h = (v2h + v3h + carry(v2l, v3l, sum)) | 0
    v2l = sum
    low = v3l
    v3l = (low << 16) | (v3h >>> 16)
    v3h = (v3h << 16) | (low >>> 16)
    v3l ^= v2l
    v3h ^= v2h

    sum = (v0l + v3l) | 0
    v0h = (v0h + v3h + carry(v0l, v3l, sum)) | 0
    v0l = sum
    low = v3l
    v3l = (low << 21) | (v3h >>> 11)
    v3h = (v3h << 21) | (low >>> 11)
    v3l ^= v0l
    v3h ^= v0h

    sum = (v2l + v1l) | 0
    v2h = (v2h + v1h + carry(v2l, v1l, sum)) | 0
    v2l = sum
    low = v1l
    v1l = (low << 17) | (v1h >>> 15)
    v1h = (v1h << 17) | (low >>> 15)
    v1l ^= v2l
    v1h ^= v2h
    low = v2l
    v2l = v2h
    v2h = low

    if (round < 2 * blocks && (round & 1) === 1) {
      v0l ^= ml
      v0h ^= mh
    }
  }
  out[0] = v0l ^ v1l ^ v2l ^ v3l
  out[1] = v0h ^ v1h ^ v2h ^ v3h
  return out
}

/** 1 when the unsigned sum of `a` and `b` did not fit 32 bits. Without a comparison, which would cost more than the rest. */
function carry(a: number, b: number, sum: number): number {
  return ((a & b) | ((a | b) & ~sum)) >>> 31
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}

/** The up to four bytes from `at` on that lie before `end`. */
function tail(bytes: Uint8Array, at: number, end: number): number {
  let value = 0
  for (let i = at; i < end && i < at + 4; i++) value |= (bytes[i] as number) << (8 * (i - at))
  return value
}
