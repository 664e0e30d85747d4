import { crc32 as native } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32 } from './crc32.js'

describe('the checksum of a frame', () => {
  it('equals that of zlib, for any seed and any non-empty part, short or long', () => {
    const parts = fc
      .uint8Array({ minLength: 1, maxLength: 200 })
      .chain((bytes) => fc.tuple(fc.constant(bytes), fc.nat(bytes.length - 1), fc.nat(bytes.length - 1)))
    fc.assert(
      fc.property(parts, fc.nat(0xffff), ([bytes, a, b], seed) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b) + 1]
        expect(crc32(bytes, from, to, seed)).toBe(native(bytes.subarray(from, to), seed))
      }),
    )
  })
})
