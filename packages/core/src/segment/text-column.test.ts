import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeBudget } from './budget.js'
import { ByteReader, ByteWriter } from './bytes.js'
import { expectWithSkips } from './skips.fixture.js'
import { PlainTexts, TextReader, writePlain, writeTexts } from './text-column.js'

/** Texts of all forms: UTF-8 with and without other characters than ASCII, lone surrogates, hex digits, decimals. */
const columns = fc
  .tuple(
    fc.constantFrom('', 'order-', 'é', '\ud800'),
    fc.oneof(
      fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 60 }),
      fc.array(fc.constantFrom('a', 'bcd', '', 'e f'), { minLength: 1, maxLength: 60 }),
      fc.array(fc.constantFrom('plain', 'é', '\ud800x', 'more'), { minLength: 1, maxLength: 60 }),
      fc.array(fc.stringMatching(/^[0-9a-f]{0,9}$/), { minLength: 1, maxLength: 60 }),
      fc.array(
        fc.nat().map((value) => String(value)),
        { minLength: 1, maxLength: 60 },
      ),
    ),
  )
  .map(([prefix, texts]) => texts.map((text) => prefix + text))

function readers(write: (high: ByteWriter, low: ByteWriter) => void): [ByteReader, ByteReader] {
  const [high, low] = [new ByteWriter(), new ByteWriter()]
  low.byte(255)
  write(high, low)
  return [new ByteReader(Buffer.from(high.view())), new ByteReader(Buffer.from(low.view()), 1)]
}

describe('texts', () => {
  it('are given by their numbers, in any order', () => {
    fc.assert(
      fc.property(columns, fc.array(fc.nat(), { maxLength: 6 }), (texts, places) => {
        const [high, low] = readers((toHigh, toLow) => writePlain(texts, toHigh, toLow))
        const plain = new PlainTexts(texts.length, high, low, new DecodeBudget())
        expect([high.left, low.left]).toEqual([0, 0])
        for (const place of places) expect(plain.at(place % texts.length)).toBe(texts[place % texts.length])
        expect(texts.map((_, i) => plain.at(i))).toEqual(texts)
      }),
      { numRuns: 500 },
    )
  })

  it('are given in order, with others skipped', () => {
    fc.assert(
      fc.property(columns, fc.array(fc.nat({ max: 9 })), (texts, skips) => {
        const [high, low] = readers((toHigh, toLow) => writeTexts(texts, toHigh, toLow))
        expectWithSkips(new TextReader(high, low, new DecodeBudget()), texts, skips)
      }),
      { numRuns: 500 },
    )
  })
})
