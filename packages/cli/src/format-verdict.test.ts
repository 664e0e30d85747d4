import { describe, expect, it } from 'vitest'
import { diedAnswer, GATEWAY, hop } from './answer.fixture.js'
import type { Answer, VerdictName } from './answer.js'
import { verdictExit } from './exit-codes.js'
import { formatVerdict, verdictSentence } from './format-verdict.js'

const sentence = (verdict: VerdictName, more: Partial<Answer> = {}): string =>
  verdictSentence({ ...diedAnswer(), verdict, ...more })

describe('the verdict as a sentence', () => {
  it('names where it ended and who was last healthy', () => {
    expect(sentence('died')).toBe(
      'died in inventory (127.0.0.1:4003), last healthy: payments (127.0.0.1:4002)',
    )
    expect(sentence('unreachable')).toBe(
      'unreachable: it never got to inventory (127.0.0.1:4003), last healthy: payments (127.0.0.1:4002)',
    )
    expect(sentence('interrupted', { lastHealthy: null })).toBe(
      'interrupted in inventory (127.0.0.1:4003): its process ended before it answered',
    )
    expect(sentence('running')).toContain('running in inventory (127.0.0.1:4003)')
    expect(sentence('undetermined')).toContain(
      'what became of it in inventory (127.0.0.1:4003) cannot be told',
    )
  })

  it('quotes the error of a failed hop, or its status', () => {
    const failed = hop(GATEWAY, 'gateway', 4000, { status: 500 })
    const endedAt = { service: 'gateway', instance: '127.0.0.1:4000', hopId: GATEWAY }
    const base = { endedAt, lastHealthy: null }
    expect(sentence('failed', { ...base, hops: [failed] })).toBe(
      'failed in gateway (127.0.0.1:4000) with 500',
    )
    const error = { name: 'StockError', message: 'no shelf B7', code: null }
    expect(sentence('failed', { ...base, hops: [{ ...failed, error }] })).toBe(
      'failed in gateway (127.0.0.1:4000): StockError: no shelf B7',
    )
  })

  it('counts the hops of what completed, and claims nothing about what is not found', () => {
    const done = { hops: [hop(GATEWAY, 'gateway', 4000)], endedAt: null, lastHealthy: null }
    expect(sentence('completed', done)).toBe('completed: 1 hop, answered 200 in 8.12 ms')
    expect(sentence('not-found', { ...done, hops: [] })).toContain('not found')
  })

  it('says an address alone when the service is not known', () => {
    const endedAt = { service: null, instance: '10.0.0.9:80', hopId: null }
    expect(sentence('unreachable', { endedAt, lastHealthy: null })).toBe(
      'unreachable: it never got to 10.0.0.9:80',
    )
  })
})

describe('what is said besides', () => {
  it('names faults that a caller went on without, and that not all was looked at', () => {
    const fault = {
      service: 'notify',
      instance: '127.0.0.1:4004',
      hopId: null,
      verdict: 'unreachable' as const,
    }
    const faults = [
      { ...fault, handled: true },
      { ...fault, service: 'inventory', handled: false },
    ]
    const text = formatVerdict({ ...diedAnswer(), faults, partial: true }).join('\n')
    expect(text).toContain('besides   never got to notify (127.0.0.1:4004); its caller went on without it')
    expect(text.match(/besides/g)).toHaveLength(1)
    expect(text).toContain('not all of it was looked at')
  })
})

describe('the exit code of a verdict', () => {
  it.each([
    ['completed', 0],
    ['failed', 1],
    ['died', 1],
    ['unreachable', 1],
    ['interrupted', 1],
    ['not-found', 3],
    ['undetermined', 3],
    ['running', 4],
  ] as const)('is for %s %i', (verdict, code) => {
    expect(verdictExit(verdict)).toBe(code)
  })
})
