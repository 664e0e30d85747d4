import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hopIdInText } from './id-in-text.js'

const id = '18ea65d8e309e51e00007f00000136b0'

describe('the id that a text of a person names', () => {
  it.each([
    id,
    id.toUpperCase(),
    ` ${id}\n`,
    `0x${id}`,
    `0X${id.toUpperCase()}`,
    `"${id}"`,
    '18ea65d8-e309-e51e-0000-7f00000136b0',
    '18EA65D8-E309-E51E-0000-7F00000136B0',
    `00-${id}-00f067aa0ba902b7-01`,
    `00-${id.toUpperCase()}-00F067AA0BA902B7-01`,
    `traceparent: 00-${id}-00f067aa0ba902b7-01`,
    `Traceparent:00-${id}-00f067aa0ba902b7-01`,
    `traceparent="00-${id}-00f067aa0ba902b7-01"`,
    `01-${id}-00f067aa0ba902b7-01-later`,
  ])('is read from %j', (text) => {
    expect(hopIdInText(text)).toBe(id)
  })

  it.each([
    '',
    id.slice(1),
    `${id}0`,
    `0x${id}0`,
    `${id.slice(0, 16)}-${id.slice(16)}`,
    'orderId=42',
    `x=${id}`,
  ])('is none in %j', (text) => {
    expect(hopIdInText(text)).toBeUndefined()
  })

  it('is 32 lowercase hex digits, or none, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => /^[0-9a-f]{32}$/.test(hopIdInText(text) ?? id)),
    )
  })
})
