/**
 * AES-128 of one block, as FIPS 197 has it, on words. The cipher of `node:crypto` costs three times as much for a block: most of that is
 * the way into it and back, with a text on either side.
 */
export interface AesKey {
  /** 44 words. */
  readonly rounds: Int32Array
}

const sbox = new Uint8Array(256)
const [t0, t1, t2, t3] = [new Int32Array(256), new Int32Array(256), new Int32Array(256), new Int32Array(256)]

const double = (n: number): number => ((n << 1) ^ ((n >>> 7) * 0x11b)) & 0xff

/**
 * The S-box, and its product with the matrix of MixColumns, by which a round is four look-ups a word. Made for the first key: many a
 * thread has none.
 */
function makeTables(): void {
  if (sbox[0] !== 0) return
  for (let p = 1, q = 1, first = true; first || p !== 1; first = false) {
    p = p ^ double(p)
    q ^= q << 1
    q ^= q << 2
    q ^= q << 4
    q = (q ^ ((q & 0x80) === 0 ? 0 : 0x09)) & 0xff
    const rotated = q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4)
    sbox[p] = rotated ^ 0x63
  }
  sbox[0] = 0x63
  for (let i = 0; i < 256; i++) {
    const s = sbox[i] as number
    const two = double(s)
    const word = (two << 24) | (s << 16) | (s << 8) | (two ^ s)
    t0[i] = word
    t1[i] = (word >>> 8) | (word << 24)
    t2[i] = (word >>> 16) | (word << 16)
    t3[i] = (word >>> 24) | (word << 8)
  }
}

const rotate = (byte: number, by: number): number => ((byte << by) | (byte >>> (8 - by))) & 0xff

const substituted = (word: number): number =>
  ((sbox[word >>> 24] as number) << 24) |
  ((sbox[(word >>> 16) & 255] as number) << 16) |
  ((sbox[(word >>> 8) & 255] as number) << 8) |
  (sbox[word & 255] as number)

/** The round keys of a key of 16 bytes. */
export function aesKey(key: Uint8Array): AesKey {
  makeTables()
  const rounds = new Int32Array(44)
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  for (let i = 0; i < 4; i++) rounds[i] = view.getInt32(i * 4)
  for (let i = 4, constant = 1; i < 44; i++) {
    let word = rounds[i - 1] as number
    if (i % 4 === 0) {
      word = substituted((word << 8) | (word >>> 24)) ^ (constant << 24)
      constant = double(constant)
    }
    rounds[i] = (rounds[i - 4] as number) ^ word
  }
  return { rounds }
}

/** Encrypts the block of four big-endian words in place. */
export function encryptBlock({ rounds }: AesKey, block: Int32Array): void {
  let a = (block[0] as number) ^ (rounds[0] as number)
  let b = (block[1] as number) ^ (rounds[1] as number)
  let c = (block[2] as number) ^ (rounds[2] as number)
  let d = (block[3] as number) ^ (rounds[3] as number)
  for (let at = 4; at < 40; at += 4) {
    const e = mixed(a, b, c, d) ^ (rounds[at] as number)
    const f = mixed(b, c, d, a) ^ (rounds[at + 1] as number)
    const g = mixed(c, d, a, b) ^ (rounds[at + 2] as number)
    d = mixed(d, a, b, c) ^ (rounds[at + 3] as number)
    a = e
    b = f
    c = g
  }
  block[0] = last(a, b, c, d) ^ (rounds[40] as number)
  block[1] = last(b, c, d, a) ^ (rounds[41] as number)
  block[2] = last(c, d, a, b) ^ (rounds[42] as number)
  block[3] = last(d, a, b, c) ^ (rounds[43] as number)
}

const mixed = (a: number, b: number, c: number, d: number): number =>
  (t0[a >>> 24] as number) ^
  (t1[(b >>> 16) & 255] as number) ^
  (t2[(c >>> 8) & 255] as number) ^
  (t3[d & 255] as number)

const last = (a: number, b: number, c: number, d: number): number =>
  ((sbox[a >>> 24] as number) << 24) |
  ((sbox[(b >>> 16) & 255] as number) << 16) |
  ((sbox[(c >>> 8) & 255] as number) << 8) |
  (sbox[d & 255] as number)
