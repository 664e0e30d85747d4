import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkClusterKey } from './check-cluster-key.js'
import { newClusterKey } from './data-dir-key.js'

describe('a cluster key', () => {
  it('is taken when it is random: 32 bytes of base64url, or 16 of hex', () => {
    for (let i = 0; i < 200; i++) {
      checkClusterKey(newClusterKey())
      checkClusterKey(randomBytes(16).toString('hex'))
      checkClusterKey(randomBytes(32).toString('hex'))
    }
  })

  it.each(['', 'x', ' '.repeat(16), 'a cluster key of some length', 'k'.repeat(31)])(
    'is refused when it is short: %j',
    (text) => {
      expect(() => checkClusterKey(text)).toThrow(/32 or more; make one with: hoptrace key/)
    },
  )

  it.each([
    ' '.repeat(64),
    '0123456789'.repeat(4),
    'abcdefghijklmnopqrstuvwxyz012345',
    'deadbeef'.repeat(8),
    '1'.repeat(63) + '2',
  ])('is refused when it repeats itself: %j', (text) => {
    expect(() => checkClusterKey(text)).toThrow(/could be guessed/)
  })

  it('is never shown when it is refused', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 3, maxLength: 12 }), (part) => {
        const text = `<${part}>`
        const refusals = [text, text.repeat(20)].map((key) => {
          try {
            checkClusterKey(key)
            return ''
          } catch (error) {
            return (error as Error).message
          }
        })
        for (const refusal of refusals) expect(refusal).not.toContain(text)
      }),
    )
  })

  it('must be a text', () => {
    expect(() => checkClusterKey(5 as unknown as string)).toThrow(TypeError)
  })
})
