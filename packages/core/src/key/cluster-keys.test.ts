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
const ascii = fc.string({ unit: fc.nat(127).map((code) => String.fromCharCode(code)), maxLength: 64 })

function hashOf(key: Uint8Array, words: Int32Array, length: number): Int32Array {
  const out = new Int32Array(2)
  sipHash24(sipKey(key), words, length, out)
  return out
}

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
    const words = Int32Array.from({ length: 8 }, (_, i) => message.readInt32LE(4 * i))
    const [low = 0, high = 0] = hashOf(derive('context', 16), words, message.length)
    const bytes = Buffer.alloc(8)
    bytes.writeInt32LE(low, 0)
    bytes.writeInt32LE(high, 4)
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
      fc.property(ascii, ascii, (service, address) => {
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
        const text = Buffer.from(
          `${id}${other}${Buffer.from(`${service}\n${address}`).toString('hex')}`,
          'hex',
        )
        const padded = Buffer.concat([text, Buffer.alloc(4)])
        const words = Int32Array.from({ length: Math.ceil(text.length / 4) }, (_, i) =>
          padded.readInt32LE(4 * i),
        )
        const key = Buffer.from(hkdfSync('sha256', secret, '', 'hoptrace answer v1', 16))
        expect(Buffer.from(hashOf(key, words, text.length).buffer).toString('hex')).toBe(tag)
      }),
    )
  })

  it('prove a tag that they made themselves, and no other', () => {
    const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 16, maxLength: 16 })
    const wrong = fc.oneof(hex, fc.string({ unit: 'binary', maxLength: 32 }), fc.constant('x'.repeat(16)))
    fc.assert(
      fc.property(
        anyHopId,
        anyHopId,
        ascii,
        ascii,
        wrong,
        fc.nat(15),
        (one, two, service, address, text, at) => {
          const context = keys.contextTag(one, two)
          const answer = keys.answerTag(one, two, service, address)
          expect(keys.provesContext(context, one, two)).toBe(true)
          expect(keys.provesAnswer(answer, one, two, service, address)).toBe(true)
          const flipped = (tag: string): string =>
            tag.slice(0, at) + (tag[at] === '0' ? '1' : '0') + tag.slice(at + 1)
          for (const tag of [text, flipped(context), flipped(answer), `${context}0`, context.slice(1), '']) {
            expect(keys.provesContext(tag, one, two)).toBe(false)
            expect(keys.provesAnswer(tag, one, two, service, address)).toBe(false)
          }
        },
      ),
    )
  })

  it('give no valid tag for a malformed id, and none for a text that no header can have', () => {
    for (const bad of ['X8ea626ac4c834a680000a0000010fa0', '\uffff'.repeat(32), 'ab', ''] as HopId[]) {
      expect(keys.contextTag(bad, other)).toBe('')
      expect(keys.contextTag(id, bad)).toBe('')
      expect(keys.answerTag(id, bad, 'a', 'b')).toBe('')
      expect(keys.answerTag(bad, id, 'a', 'b')).toBe('')
      for (const tag of ['', '0'.repeat(16)]) {
        expect(keys.provesContext(tag, bad, other)).toBe(false)
        expect(keys.provesAnswer(tag, id, bad, 'a', 'b')).toBe(false)
      }
    }
    for (const text of ['x'.repeat(5000), 'ä', '\u0100']) {
      expect(keys.answerTag(id, other, text, '')).toBe('')
      expect(keys.answerTag(id, other, '', text)).toBe('')
      expect(keys.provesAnswer('', id, other, text, '')).toBe(false)
    }
  })

  it('do not depend on the tag that was made before', () => {
    const places = [
      ['orders', '127.0.0.1:4002'],
      ['', ''],
      ['a\nb', ''],
      ['a', 'b\n'],
      ['orders', 'x'.repeat(200)],
    ] as const
    const fresh = places.map(([service, address]) => keys.answerTag(id, id, service, address))
    for (const [index, [service, address]] of places.entries())
      for (const [before, at] of places) {
        keys.answerTag(other, id, before, at)
        keys.contextTag(id, other)
        expect(keys.answerTag(id, id, service, address)).toBe(fresh[index])
      }
  })
})
