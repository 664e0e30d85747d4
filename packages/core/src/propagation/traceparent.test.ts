import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTraceparent, parseTraceparent } from './traceparent.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

describe('traceparent', () => {
  it('of version 00 is read', () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({ traceId: TRACE, parentId: SPAN, flags: 1 })
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-ff`)?.flags).toBe(255)
  })

  it.each([
    `01-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01-`,
    `fe-${TRACE}-${SPAN}-01-what-the-future-brings`,
  ])('of a later version is read up to its known part: %s', (text) => {
    expect(parseTraceparent(text)).toEqual({ traceId: TRACE, parentId: SPAN, flags: 1 })
  })

  it.each([
    ['an empty text', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `00-${TRACE}-${SPAN}-01-`],
    ['more than version 00 has', `00-${TRACE}-${SPAN}-01-x`],
    ['a later version that continues without a dash', `01-${TRACE}-${SPAN}-01.x`],
    ['a later version that is too short', `01-${TRACE}-${SPAN}-0`],
    ['an all-zero trace-id', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['an all-zero parent-id', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['uppercase in the trace-id', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['uppercase in the parent-id', `00-${TRACE}-${SPAN.toUpperCase()}-01`],
    ['uppercase in the flags', `00-${TRACE}-${SPAN}-0A`],
    ['uppercase in the version', `0A-${TRACE}-${SPAN}-01`],
    ['no hex', `00-${TRACE.slice(1)}g-${SPAN}-01`],
    ['other separators', `00_${TRACE}_${SPAN}_01`],
    ['a repeated header', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ['a repeated header of a later version', `01-${TRACE}-${SPAN}-01, 01-${TRACE}-${SPAN}-01`],
    ['blanks around it', ` 00-${TRACE}-${SPAN}-01`],
    ['a line end', `00-${TRACE}-${SPAN}-01\n`],
    ['no limit', `01-${TRACE}-${SPAN}-01-${'x'.repeat(100_000)}`],
  ])('with %s is nothing', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined()
  })

  it('comes back from its text, flags that are not defined cleared', () => {
    const hex = (length: number): fc.Arbitrary<string> =>
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    fc.assert(
      fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 255 }), (traceId, parentId, flags) => {
        fc.pre(!/^0+$/.test(traceId) && !/^0+$/.test(parentId))
        const text = formatTraceparent(traceId, parentId, flags)
        expect(parseTraceparent(text)).toEqual({ traceId, parentId, flags: flags & 3 })
      }),
    )
  })

  it('never fails on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void parseTraceparent(text)),
    )
  })
})
