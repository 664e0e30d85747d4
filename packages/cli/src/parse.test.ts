import { describe, expect, it } from 'vitest'
import { parseCount, parseDuration, parseKey, parseMoment, parseSubject } from './parse.js'
import { UsageError } from './usage-error.js'

const ID = '18a2b3c4d5e6f7000000007f0000010fa0'.slice(0, 32)

describe('the subject of a question', () => {
  it('is an id, a traceparent, or a key', () => {
    expect(parseSubject(ID.toUpperCase())).toEqual({ kind: 'id', id: ID })
    expect(parseSubject(`00-${ID}-00f067aa0ba902b7-01`)).toEqual({ kind: 'id', id: ID })
    expect(parseSubject('orderId=a=b')).toEqual({ kind: 'key', name: 'orderId', value: 'a=b' })
  })

  it.each(['', 'xyz', ID.slice(1), '=42', 'orderId='])('is not accepted: %j', (text) => {
    expect(() => parseSubject(text)).toThrow(UsageError)
  })

  it('of find is a key, never an id', () => {
    expect(parseKey('a=1')).toEqual({ name: 'a', value: '1' })
    expect(() => parseKey(ID)).toThrow(UsageError)
  })
})

describe('times', () => {
  it('are durations before now, or ISO', () => {
    const now = Date.parse('2026-11-22T15:00:00Z')
    expect(parseMoment('10m', now)).toBe(now - 600_000)
    expect(parseMoment('now', now)).toBe(now)
    expect(parseMoment('2026-11-22T14:00:00Z', now)).toBe(now - 3_600_000)
  })

  it.each(['yesterday', '10', '5 parsecs', '2026-99-99'])('are not accepted: %j', (text) => {
    expect(() => parseMoment(text, 0)).toThrow(UsageError)
  })

  it('have units', () => {
    expect(['250ms', '1.5s', '2h', '7d'].map(parseDuration)).toEqual([250, 1500, 7_200_000, 604_800_000])
    expect(() => parseDuration('10')).toThrow(UsageError)
  })

  it('counts are positive and whole', () => {
    expect(parseCount('10')).toBe(10)
    for (const text of ['0', '-1', '1.5', 'x', '99999999999999999'])
      expect(() => parseCount(text)).toThrow(UsageError)
  })
})
