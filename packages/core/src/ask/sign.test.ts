import { runName } from '../record/instance-row.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clusterKeys } from '../key/index.js'
import { sign, SIGNATURE_HEADER, SignatureCheck, type Question } from './sign.js'

const keys = clusterKeys('QpF2xv1mY3Zt8sKq0LwBn7Ej4RduHc6VgTiOyA5sXk9', true)
const run = runName({ address: '10.0.0.7:4003', worker: 0, startNanos: 1_795_000_000_000_000_000n })
const question: Question = { method: 'GET', host: 'web-1', run, target: '/_hoptrace/v1/range?from=1&to=2' }
const now = 1_795_000_000_000

const signatureOf = (asked: Question, at = now): string | undefined => sign(keys, asked, at)[SIGNATURE_HEADER]

describe('a signed question', () => {
  it('is taken once, by the run that it names', () => {
    const signature = signatureOf(question)
    const check = new SignatureCheck(keys)
    expect(check.accepts(question, signature, now)).toBe(true)
    expect(check.accepts(question, signature, now)).toBe(false)
    expect(check.accepts(question, signatureOf(question), now)).toBe(true)
  })

  it('is good for no other method, host, run or target, and under no other key', () => {
    const line = fc.stringMatching(/^[!-~]{0,30}$/)
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(question) as (keyof Question)[])), line, (part, text) => {
        fc.pre(text !== question[part])
        const check = new SignatureCheck(keys)
        expect(check.accepts({ ...question, [part]: text }, signatureOf(question), now)).toBe(false)
        expect(check.accepts(question, signatureOf({ ...question, [part]: text }), now)).toBe(false)
      }),
    )
    const others = new SignatureCheck(clusterKeys('another key, which is as long as that one is', true))
    expect(others.accepts(question, signatureOf(question), now)).toBe(false)
  })

  it('is good for half a minute before and after', () => {
    for (const millis of [-30_000, 0, 30_000]) {
      expect(new SignatureCheck(keys).accepts(question, signatureOf(question), now + millis)).toBe(true)
    }
    for (const millis of [-30_001, 30_001, 86_400_000]) {
      expect(new SignatureCheck(keys).accepts(question, signatureOf(question), now + millis)).toBe(false)
    }
  })

  it('is not taken a second time for as long as it is good, whatever came between', () => {
    const check = new SignatureCheck(keys)
    const signature = signatureOf(question, now + 30_000)
    expect(check.accepts(question, signature, now)).toBe(true)
    for (let millis = 0; millis <= 60_000; millis += 500) {
      expect(check.accepts(question, signatureOf(question, now + millis), now + millis)).toBe(true)
      expect(check.accepts(question, signature, now + millis)).toBe(false)
    }
  })

  it.each([undefined, '', 'x', `${now}.${'0'.repeat(24)}.${'0'.repeat(32)}`, 'x'.repeat(10_000)])(
    'is none: %j',
    (signature) => {
      expect(new SignatureCheck(keys).accepts(question, signature, now)).toBe(false)
    },
  )
})
