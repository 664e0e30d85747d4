import { describe, expect, it } from 'vitest'
import { parseCount } from './parse-numbers.js'
import { parseKey, parseSubject } from './parse.js'
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

it('counts are positive and whole', () => {
  expect(parseCount('10')).toBe(10)
  for (const text of ['0', '-1', '1.5', 'x', '99999999999999999'])
    expect(() => parseCount(text)).toThrow(UsageError)
})
