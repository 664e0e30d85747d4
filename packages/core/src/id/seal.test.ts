import { createCipheriv, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyHopId } from './arbitraries.fixture.js'
import { isHopId } from './hop-id.js'
import { deriveSealKey, SEAL_INFO, sealId, unsealId } from './seal.js'
import type { HopId } from './types.js'

const key = deriveSealKey('a cluster key of some length')

describe('the sealed form', () => {
  it('comes back to the id, in any order of use', () => {
    fc.assert(
      fc.property(fc.array(anyHopId, { minLength: 1, maxLength: 20 }), (ids) => {
        const sealed = ids.map((id) => sealId(key, id))
        expect(sealed.every(isHopId)).toBe(true)
        expect(sealed.reverse().map((text) => unsealId(key, text))).toEqual(ids.reverse())
      }),
    )
  })

  it('is AES-128-ECB of the one block under the documented derivation', () => {
    expect(SEAL_INFO).toBe('hoptrace seal v1')
    const raw = Buffer.from(hkdfSync('sha256', 'a cluster key of some length', '', SEAL_INFO, 16))
    const cipher = createCipheriv('aes-128-ecb', raw, null).setAutoPadding(false)
    const id = '00112233445566778899aabbccddeeff' as HopId
    expect(sealId(key, id)).toBe(cipher.update(id, 'hex', 'hex') + cipher.final('hex'))
  })

  it('shows neither the time nor the address, and differs between clusters', () => {
    const a = '18ea626ac4c834a680000a0000010fa0' as HopId
    const b = '18ea626ac4c834a680010a0000010fa0' as HopId
    const [sealedA, sealedB] = [sealId(key, a), sealId(key, b)]
    expect(sealedA.slice(0, 16)).not.toBe(sealedB.slice(0, 16))
    expect(sealedA.slice(20)).not.toBe(sealedB.slice(20))
    expect(sealId(deriveSealKey('another cluster key'), a)).not.toBe(sealedA)
  })

  it('is undefined for text of any other form', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary', minLength: 32, maxLength: 32 })),
        (text) => {
          expect(unsealId(key, text) === undefined).toBe(!isHopId(text))
        },
      ),
    )
    expect(unsealId(key, 'A'.repeat(32))).toBeUndefined()
    expect(unsealId(key, 'a'.repeat(100_000))).toBeUndefined()
  })

  it('refuses an empty cluster key', () => {
    expect(() => deriveSealKey('')).toThrow(TypeError)
  })
})
