import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTracestate, parseTracestate } from './tracestate.js'

const ID = '18ea626ac4c834a680000a0000010fa0'
const list = (count: number, size = 1): string[] =>
  Array.from({ length: count }, (_, i) => `m${i}=${'v'.repeat(size)}`)

describe('tracestate', () => {
  it.each([
    ['foo=1,bar=2', 'foo=1,bar=2'],
    [' foo=1 ,\tbar=2\t', 'foo=1,bar=2'],
    ['foo=1,,bar=2,', 'foo=1,bar=2'],
    ['foo= 1', 'foo= 1'],
    ['a_-*/0=!"#$%&\'()*+-./:;<>?@[]^_`{|}~', 'a_-*/0=!"#$%&\'()*+-./:;<>?@[]^_`{|}~'],
    ['0tenant@sys=1', '0tenant@sys=1'],
    [`${'t'.repeat(241)}@${'v'.repeat(14)}=1`, `${'t'.repeat(241)}@${'v'.repeat(14)}=1`],
    [`${'k'.repeat(256)}=1`, `${'k'.repeat(256)}=1`],
    [`k=${'v'.repeat(256)}`, `k=${'v'.repeat(256)}`],
    ['0foo=1', '0foo=1'],
    ['foo@=1', 'foo@=1'],
    ['foo@@bar=1', 'foo@@bar=1'],
    ['foo@bar@baz=1', 'foo@bar@baz=1'],
    [`${'t'.repeat(242)}@v=1`, `${'t'.repeat(242)}@v=1`],
    [`t@${'v'.repeat(15)}=1`, `t@${'v'.repeat(15)}=1`],
  ])('members are passed on in order: %s', (text, others) => {
    expect(parseTracestate(text)).toEqual({ own: undefined, others })
  })

  it.each([
    'foo',
    'foo=',
    '=1',
    'Foo=1',
    'foo bar=1',
    'foo =1',
    'foo=1=2',
    'foo=1,bar',
    '@foo=1',
    'foo=\u00e9',
    'foo=\u0007',
    `${'k'.repeat(257)}=1`,
    `k=${'v'.repeat(257)}`,
    'foo=1;bar=2\u007f',
  ])('a malformed member voids the list: %s', (text) => {
    expect(parseTracestate(text)).toEqual({ own: undefined, others: '' })
    expect(parseTracestate(`hoptrace=${ID},${text}`)).toEqual({ own: undefined, others: '' })
  })

  it('takes every key of Level 2, and no other', () => {
    const key = fc.oneof(
      { weight: 3, arbitrary: fc.stringMatching(/^[a-z0-9][a-z0-9_\-*/@]{0,255}$/) },
      { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...'aZ0_-*/@.:+ \u00e9'), maxLength: 260 }) },
    )
    fc.assert(
      fc.property(key, (text) => {
        fc.pre(text !== 'hoptrace')
        const isKey =
          /^[a-z0-9][a-z0-9_\-*/@]*$/.test(text.replace(/^[ \t]+/, '')) && text.trimStart().length <= 256
        expect(parseTracestate(`${text}=1`).others).toBe(isKey ? `${text.replace(/^[ \t]+/, '')}=1` : '')
      }),
    )
  })

  it('returns our member at any place, and the left-most one of several', () => {
    expect(parseTracestate(`foo=1,hoptrace=${ID},bar=2`)).toEqual({ own: ID, others: 'foo=1,bar=2' })
    expect(parseTracestate(`hoptrace=a,foo=1,hoptrace=b`)).toEqual({ own: 'a', others: 'foo=1' })
  })

  it('keeps the left-most of a repeated key', () => {
    expect(parseTracestate('foo=1,bar=2,foo=3').others).toBe('foo=1,bar=2')
  })

  it('of more than 32 members is void', () => {
    expect(parseTracestate(list(33).join(',')).others).toBe('')
    expect(parseTracestate(list(32).join(',')).others).toBe(list(31).join(','))
    expect(parseTracestate([...list(31), `hoptrace=${ID}`].join(',')).others).toBe(list(31).join(','))
  })

  it('cuts large members first and then from the right, down to 512 characters', () => {
    const large = `large=${'x'.repeat(200)}`
    const { others } = parseTracestate(['first=1', large, ...list(4, 100)].join(','))
    expect(others).toBe(['first=1', ...list(4, 100)].join(','))
    expect(parseTracestate(list(10, 100).join(',')).others).toBe(list(4, 100).join(','))
  })

  it('with ours keeps both limits, for any valid list', () => {
    const member = fc.tuple(
      fc.stringMatching(/^[a-z][a-z0-9]{0,40}$/),
      fc.stringMatching(/^[!-+\--<>-~]{1,256}$/),
    )
    fc.assert(
      fc.property(fc.array(member, { maxLength: 32 }), (members) => {
        const input = members.map(([key, value]) => `${key}=${value}`)
        const { others } = parseTracestate(input.join(','))
        const sent = formatTracestate(ID, others)
        expect(sent.length).toBeLessThanOrEqual(512)
        expect(sent.split(',').length).toBeLessThanOrEqual(32)
        expect(sent.startsWith(`hoptrace=${ID}`)).toBe(true)
        const kept = others === '' ? [] : others.split(',')
        let from = 0
        for (const part of kept) {
          const at = input.indexOf(part, from)
          expect(at).toBeGreaterThanOrEqual(from)
          from = at + 1
        }
      }),
    )
  })

  it('never fails on any text, and stays linear on long ones', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => void parseTracestate(text)),
    )
    expect(parseTracestate('a'.repeat(1_000_000)).others).toBe('')
    expect(parseTracestate(','.repeat(16_000)).others).toBe('')
    expect(parseTracestate(`a=${' '.repeat(16_000)}`).others).toBe('')
  })
})
