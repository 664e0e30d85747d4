import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hopIdAddress, hopIdNanos, isHopId } from './hop-id.js'
import { rebaseId, sameStamp } from './rebase.js'
import type { HopId } from './types.js'

const hexDigits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const address = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(65_535))
  .map(([a, b, c, d, port]) => `${a}.${b}.${c}.${d}:${port}`)

describe('rebaseId', () => {
  it('keeps time and sequence, and names the instance', () => {
    fc.assert(
      fc.property(hexDigits(32), address, (text, own) => {
        const assigned = text as HopId
        const taken = rebaseId(assigned, own)
        expect(isHopId(taken)).toBe(true)
        expect(hopIdAddress(taken)).toBe(own)
        expect(hopIdNanos(taken)).toBe(hopIdNanos(assigned))
        expect(sameStamp(taken, assigned)).toBe(true)
      }),
    )
  })

  it('gives instances of two addresses two ids', () => {
    fc.assert(
      fc.property(hexDigits(32), address, address, (text, one, other) => {
        fc.pre(one !== other)
        expect(rebaseId(text as HopId, one)).not.toBe(rebaseId(text as HopId, other))
      }),
    )
  })
})
