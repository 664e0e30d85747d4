import fc from 'fast-check'
import { expect, it } from 'vitest'
import { varintBytes, writeVarint } from './varint.js'

it('writes seven bits a byte, lowest first, and knows the length before', () => {
  expect([...written(0)]).toEqual([0])
  expect([...written(300)]).toEqual([0xac, 0x02])
  expect([...written(Number.MAX_SAFE_INTEGER)]).toEqual([255, 255, 255, 255, 255, 255, 255, 15])
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const bytes = written(value)
      expect(bytes).toHaveLength(varintBytes(value))
      expect([...bytes].reduceRight((sum, byte) => sum * 128 + (byte & 127), 0)).toBe(value)
      expect([...bytes].map((byte) => byte > 127)).toEqual(Array.from(bytes, (_, i) => i < bytes.length - 1))
    }),
  )
})

function written(value: number): Uint8Array {
  const bytes = new Uint8Array(9)
  return bytes.subarray(1, writeVarint(bytes, 1, value))
}
