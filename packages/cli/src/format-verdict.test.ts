import { describe, expect, it } from 'vitest'
import { diedAnswer, GATEWAY, hop } from './answer.fixture.js'
import type { Answer, VerdictName } from './answer.js'
import { verdictExit } from './exit-codes.js'
import { formatVerdict, verdictSentence } from './format-verdict.js'

const sentence = (verdict: VerdictName, more: Partial<Answer> = {}): string =>
  verdictSentence({ ...diedAnswer(), verdict, ...more })

describe('the verdict as a sentence', () => {
  it('names where the request ended and the last healthy service', () => {
    expect(sentence('died')).toBe(
      'died in inventory (127.0.0.1:4003), last healthy: payments (127.0.0.1:4002)',
    )
    expect(sentence('unreachable')).toBe(
      'unreachable: the request did not reach inventory (127.0.0.1:4003), last healthy: payments (127.0.0.1:4002)',
    )
    expect(sentence('interrupted', { lastHealthy: null })).toBe(
      'interrupted in inventory (127.0.0.1:4003): its process ended before it answered',
    )
    expect(sentence('running')).toContain('running in inventory (127.0.0.1:4003)')
    expect(sentence('undetermined')).toContain(
      'undetermined: the outcome in inventory (127.0.0.1:4003) is unknown',
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

  it('counts the hops of a completed request, and claims nothing if none is found', () => {
    const done = { hops: [hop(GATEWAY, 'gateway', 4000)], endedAt: null, lastHealthy: null }
    expect(sentence('completed', done)).toBe('completed: 1 hop, answered 200 in 8.12 ms')
    expect(sentence('not-found', { ...done, hops: [] })).toContain('not found')
  })

  it('shows only an address if the service is unknown', () => {
    const endedAt = { service: null, instance: '10.0.0.9:80', hopId: null }
    expect(sentence('unreachable', { endedAt, lastHealthy: null })).toBe(
      'unreachable: the request did not reach 10.0.0.9:80',
    )
  })
})

describe('the lines after the verdict', () => {
  it('name handled faults, and say that the walk is partial', () => {
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
    expect(text).toContain('handled   did not reach notify (127.0.0.1:4004); its caller continued')
    expect(text.match(/handled/g)).toHaveLength(1)
    expect(text).toContain('partial   not all of it is known')
  })

  it('says why not all is known, and names no limit that was not met', () => {
    const said = (...partialBecause: string[]): string =>
      formatVerdict({ ...diedAnswer(), partial: true, partialBecause }).join('\n')
    expect(said('beginning')).toContain('its beginning is missing')
    expect(said('beginning')).not.toMatch(/limit|--timeout/)
    expect(said('deadline')).toContain('the deadline passed (--timeout)')
    expect(said('hops', 'depth')).toContain('more hops than the limit, and its chain of calls is longer')
    expect(said('deadline')).not.toContain('limit')
  })

  it('says what an address stands for that was made up', () => {
    const answer = diedAnswer()
    const [first, ...others] = answer.hops
    const text = (instance: string): string =>
      formatVerdict({ ...answer, hops: first === undefined ? [] : [{ ...first, instance }, ...others] }).join(
        '\n',
      )
    expect(text('241.1.2.3:4')).toContain(
      '241.1.2.3:4 is made up: it stands for a process that does not listen',
    )
    expect(text('243.1.2.3:4')).toContain('it stands for an IPv6 address')
    expect(text('10.1.2.3:4')).not.toContain('made up')
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
