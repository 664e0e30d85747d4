import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyHopId } from './arbitraries.fixture.js'
import { fold64 } from './fold64.js'
import { IdGenerator } from './generator.js'
import type { HopId } from './types.js'

describe('the fold of an id', () => {
  it('is the documented mix', () => {
    expect(fold64('00000000000000000000000000000000' as HopId)).toBe('791a4bb2aa53b80b')
    expect(fold64('18ea626ac4c834a680000a0000010fa0' as HopId)).toBe('2d73c6cc4a8006a0')
  })

  it('is a valid W3C parent-id for any id', () => {
    fc.assert(
      fc.property(anyHopId, (id) => {
        expect(fold64(id)).toMatch(/^[0-9a-f]{16}$/)
        expect(fold64(id)).not.toBe('0'.repeat(16))
        expect(fold64(id)).toBe(fold64(id))
      }),
    )
  })

  it('tells apart ids that follow each other, in both of its halves', () => {
    const generator = new IdGenerator({ address: '10.0.0.1:80' })
    const folds = Array.from({ length: 20_000 }, () => fold64(generator.assign({ ip: '10.0.0.2', port: 80 })))
    expect(new Set(folds).size).toBe(20_000)
    expect(new Set(folds.map((fold) => fold.slice(0, 8))).size).toBeGreaterThan(19_990)
    expect(new Set(folds.map((fold) => fold.slice(8))).size).toBeGreaterThan(19_990)
  })
})
