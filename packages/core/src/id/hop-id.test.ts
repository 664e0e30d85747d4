import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HoptraceError } from '../base/errors.js'
import { anyFields } from './arbitraries.fixture.js'
import { formatHopId, hopIdAddress, hopIdNanos, isHopId, parseHopId } from './hop-id.js'

describe('the 16 bytes of an id', () => {
  it('are at the offsets of the layout', () => {
    const fields = {
      nanos: 0x0102030405060708n,
      assigned: true,
      issuer: 0x7ff,
      counter: 3,
      ip: '10.1.2.3',
      port: 0x0fa1,
    }
    expect(formatHopId(fields)).toBe('0102030405060708' + 'fff3' + '0a010203' + '0fa1')
    expect(formatHopId({ ...fields, assigned: false, issuer: 1 })).toBe(
      '0102030405060708' + '0013' + '0a010203' + '0fa1',
    )
  })

  it('come back from their text, for any fields', () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        const id = formatHopId(fields)
        expect(isHopId(id)).toBe(true)
        expect(parseHopId(id)).toEqual(fields)
        expect(hopIdNanos(id)).toBe(fields.nanos)
        expect(hopIdAddress(id)).toBe(`${fields.ip}:${fields.port}`)
      }),
    )
  })

  it('order as text in the order of their times', () => {
    fc.assert(
      fc.property(anyFields, anyFields, (a, b) => {
        fc.pre(a.nanos !== b.nanos)
        expect(formatHopId(a) < formatHopId(b)).toBe(a.nanos < b.nanos)
      }),
    )
  })

  it('are refused with a stable code in any other form', () => {
    const good = formatHopId({ nanos: 1n, assigned: false, issuer: 0, counter: 0, ip: '10.0.0.1', port: 1 })
    for (const text of [
      '',
      good.slice(1),
      `${good}0`,
      good.toUpperCase().replace('0', 'A'),
      `${good.slice(1)}g`,
      `${good}\n`,
    ]) {
      expect(isHopId(text)).toBe(false)
      expect(() => parseHopId(text)).toThrow(expect.objectContaining({ code: 'HOPTRACE_BAD_ID' }))
    }
    expect(() => parseHopId('x'.repeat(10_000))).toThrow(HoptraceError)
  })

  it('refuse fields that do not fit', () => {
    const good = { nanos: 1n, assigned: false, issuer: 0, counter: 0, ip: '10.0.0.1', port: 1 }
    const bad = [
      { nanos: -1n },
      { nanos: 1n << 64n },
      { issuer: 2048 },
      { counter: 16 },
      { port: 65_536 },
      { ip: '10.0.0' },
    ]
    for (const change of bad) expect(() => formatHopId({ ...good, ...change })).toThrow(TypeError)
  })
})
