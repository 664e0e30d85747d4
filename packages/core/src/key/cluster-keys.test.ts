import { createHmac, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyHopId } from '../id/arbitraries.fixture.js'
import { sealId, unsealId } from '../id/seal.js'
import type { HopId } from '../id/types.js'
import { clusterKeys } from './cluster-keys.js'
import { newClusterKey } from './data-dir-key.js'
import { sipHash24, sipKey } from './siphash.js'

const secret = 'QpF2xv1mY3Zt8sKq0LwBn7Ej4RduHc6VgTiOyA5sXk9'
const keys = clusterKeys(secret, true)
const [id, other] = ['18ea626ac4c834a680000a0000010fa0', '18ea626ac4c834a680010a0000010fa0'] as HopId[] as [
  HopId,
  HopId,
]
const anyText = fc.string({ unit: 'binary', maxLength: 64 })

describe('the keys of a cluster', () => {
  it('are HKDF-SHA-256 of the secret, one for each purpose', () => {
    const derive = (purpose: string, bytes: number): Buffer =>
      Buffer.from(hkdfSync('sha256', secret, '', `hoptrace ${purpose} v1`, bytes))
    expect(keys.fingerprint).toBe(derive('fingerprint', 4).toString('hex'))
    for (const purpose of ['row', 'log', 'question', 'journal'] as const) {
      const whole = createHmac('sha256', derive(purpose, 32)).update('text').digest('hex')
      expect(keys.mac(purpose, 'text')).toBe(whole.slice(0, 32))
      expect(keys.mac(purpose, Buffer.from('text'))).toBe(whole.slice(0, 32))
    }
    const message = Buffer.from(id + other, 'hex')
    const [low = 0, high = 0] = sipHash24(sipKey(derive('context', 16)), message)
    const bytes = Buffer.alloc(8)
    bytes.writeUInt32LE(low, 0)
    bytes.writeUInt32LE(high, 4)
    expect(keys.contextTag(id, other)).toBe(bytes.toString('hex'))
  })

  it('tell given ones from those that a data directory keeps', () => {
    expect([keys.given, clusterKeys(secret, false).given]).toEqual([true, false])
  })

  it('have other tags, MACs and fingerprints under another secret', () => {
    const others = clusterKeys(newClusterKey(), true)
    expect(others.fingerprint).not.toBe(keys.fingerprint)
    expect(others.contextTag(id, other)).not.toBe(keys.contextTag(id, other))
    expect(others.answerTag(id, other, 'a', 'b')).not.toBe(keys.answerTag(id, other, 'a', 'b'))
    expect(others.mac('row', 'text')).not.toBe(keys.mac('row', 'text'))
  })

  it('seal as before', () => {
    expect(unsealId(clusterKeys(secret, false).seal, sealId(keys.seal, id))).toBe(id)
  })

  it('bind a context to id and trace', () => {
    fc.assert(
      fc.property(anyHopId, anyHopId, (callee, trace) => {
        const tag = keys.contextTag(callee, trace)
        expect(tag).toMatch(/^[0-9a-f]{16}$/)
        expect(clusterKeys(secret, false).contextTag(callee, trace)).toBe(tag)
        if (callee !== trace) expect(keys.contextTag(trace, callee)).not.toBe(tag)
      }),
    )
  })

  it('bind an answer to the id that was sent, and to all that it says', () => {
    fc.assert(
      fc.property(anyText, anyText, (service, address) => {
        const tag = keys.answerTag(id, other, service, address)
        expect(tag).toMatch(/^[0-9a-f]{16}$/)
        const different = [
          keys.answerTag(other, id, service, address),
          keys.answerTag(id, id, service, address),
          keys.answerTag(id, other, `${service}x`, address),
          keys.answerTag(id, other, service, `${address}x`),
          keys.contextTag(id, other),
        ]
        expect(different).not.toContain(tag)
      }),
    )
  })

  it('give no valid tag for a malformed id', () => {
    const bad = 'X8ea626ac4c834a680000a0000010fa0' as HopId
    expect(keys.contextTag(bad, other)).toBe('')
    expect(keys.contextTag(id, '\uffff'.repeat(32))).toBe('')
    expect(keys.contextTag(id, 'ab')).toBe('')
    expect(keys.answerTag(id, bad, 'a', 'b')).toBe('')
    expect(keys.answerTag(id, other, 'x'.repeat(5000), '')).toBe('')
  })

  it('do not depend on the tag that was made before', () => {
    const keys = clusterKeys('a cluster key of some length', true)
    const id = '1865f2a3b7c4d5e68a317f0000010fa2' as HopId
    const places = [
      ['orders', '127.0.0.1:4002'],
      ['orders', '127.0.0.1:4003'],
      ['', ''],
      ['a\nb', ''],
      ['a', 'b\n'],
      ['x'.repeat(2000), '127.0.0.1:4002'],
    ] as const
    const fresh = places.map(([service, address]) => {
      keys.answerTag(id, id, 'another', '')
      return keys.answerTag(id, id, service, address)
    })
    for (let round = 0; round < 3; round++)
      for (const [index, [service, address]] of places.entries()) {
        expect(keys.answerTag(id, id, service, address)).toBe(fresh[index])
        expect(keys.answerTag(id, id, service, address)).toBe(fresh[index])
        expect(keys.contextTag(id, id)).toMatch(/^[0-9a-f]{16}$/)
      }
    expect(fresh.at(-1)).toBe('')
  })
})
