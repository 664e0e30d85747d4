import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sipHash24, sipKey } from './siphash.js'

const upTo = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i)

/** As the paper and the reference implementation have it, in 64 bits. */
function reference(key: Uint8Array, bytes: Uint8Array): bigint {
  const view = (data: Uint8Array): bigint => data.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n)
  const cut = (n: bigint): bigint => BigInt.asUintN(64, n)
  const rotl = (n: bigint, by: bigint): bigint => cut((n << by) | (n >> (64n - by)))
  const [k0, k1] = [view(key.subarray(0, 8)), view(key.subarray(8))]
  let [v0, v1] = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn]
  let [v2, v3] = [k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n]
  const round = (): void => {
    v0 = cut(v0 + v1)
    v1 = rotl(v1, 13n) ^ v0
    v0 = rotl(v0, 32n)
    v2 = cut(v2 + v3)
    v3 = rotl(v3, 16n) ^ v2
    v0 = cut(v0 + v3)
    v3 = rotl(v3, 21n) ^ v0
    v2 = cut(v2 + v1)
    v1 = rotl(v1, 17n) ^ v2
    v2 = rotl(v2, 32n)
  }
  const whole = bytes.length - (bytes.length % 8)
  const last = view(bytes.subarray(whole)) | (BigInt(bytes.length & 255) << 56n)
  for (let at = 0; at <= whole; at += 8) {
    const m = at < whole ? view(bytes.subarray(at, at + 8)) : last
    v3 ^= m
    round()
    round()
    v0 ^= m
  }
  v2 ^= 0xffn
  for (let i = 0; i < 4; i++) round()
  return v0 ^ v1 ^ v2 ^ v3
}

/** What the code under test makes of bytes, in 64 bits. */
function hashOf(key: Uint8Array, bytes: Uint8Array): bigint {
  const view = new DataView(Uint8Array.of(...bytes, ...Array<number>(8).fill(0)).buffer)
  const words = Int32Array.from({ length: Math.ceil(bytes.length / 4) }, (_, i) => view.getInt32(4 * i, true))
  // The words after the text belong to an earlier one.
  const message = Int32Array.of(...words, 0x5a5a5a5a, 0x5a5a5a5a, 0x5a5a5a5a)
  const out = new Int32Array(2)
  sipHash24(sipKey(key), message, bytes.length, out)
  const [low = 0, high = 0] = new Uint32Array(out.buffer)
  return (BigInt(high) << 32n) | BigInt(low)
}

describe('SipHash-2-4', () => {
  // `vectors_sip64` of the reference implementation: key 00…0f, messages of 0, 1, 2, … bytes 00, 01, 02, …
  const vectors = [
    0x726fdb47dd0e0e31n,
    0x74f839c593dc67fdn,
    0x0d6c8009d9a94f5an,
    0x85676696d7fb7e2dn,
    0xcf2794e0277187b7n,
    0x18765564cd99a68dn,
    0xcbc9466e58fee3cen,
    0xab0200f58b01d137n,
    0x93f5f5799a932462n,
    0x9e0082df0ba9e4b0n,
    0x7a5dbbc594ddb9f3n,
    0xf4b32f46226bada7n,
    0x751e8fbc860ee5fbn,
    0x14ea5627c0843d90n,
    0xf723ca908e7af2een,
    0xa129ca6149be45e5n,
  ]

  it.each(vectors.map((hash, length) => ({ length, hash })))(
    'has the official result for $length bytes',
    ({ length, hash }) => {
      expect(hashOf(upTo(16), upTo(length))).toBe(hash)
    },
  )

  it('is the same as in 64 bits, for any key, text and length', () => {
    const key = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(key, fc.uint8Array({ maxLength: 600 }), (bytes, text) => {
        expect(hashOf(bytes, text)).toBe(reference(bytes, text))
      }),
    )
  })

  it('takes keys of 16 bytes only', () => {
    expect(() => sipKey(upTo(15))).toThrow(TypeError)
  })
})
