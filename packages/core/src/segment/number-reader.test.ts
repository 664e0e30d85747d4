import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeBudget } from './budget.js'
import { ByteReader, ByteWriter } from './bytes.js'
import { NumberColumn, writeNumbers } from './number-column.js'
import { NumberReader } from './number-reader.js'
import { expectWithSkips } from './skips.fixture.js'

/** Columns of all forms: one value, multiples of one, rising ones, and such with a few values far from the others. */
const columns = fc
  .record({
    values: fc.array(
      fc.oneof(
        fc.nat({ max: 3 }),
        fc.nat({ max: 100_000 }),
        fc.maxSafeNat().map((value) => value % 2 ** 45),
      ),
      { minLength: 1, maxLength: 300 },
    ),
    kind: fc.constantFrom('as they are', 'rising', 'thousands', 'one'),
    mayStep: fc.boolean(),
  })
  .map(({ values, kind, mayStep }) => {
    let before = 0
    const made = values.map((value) => {
      if (kind === 'rising') return (before += value % 1000)
      return kind === 'thousands'
        ? (value % 1_000_000) * 1000
        : kind === 'one'
          ? (values[0] as number)
          : value
    })
    return { values: made, mayStep }
  })

function written(values: readonly number[], mayStep: boolean): () => NumberReader {
  const column = new NumberColumn()
  for (const value of values) column.push(value)
  const [high, low] = [new ByteWriter(), new ByteWriter()]
  // Something before it, and in `low` nothing behind it.
  high.varint(300)
  low.byte(255)
  writeNumbers(column, high, low, mayStep)
  const [highBytes, lowBytes] = [Buffer.from(high.view()), Buffer.from(low.view())]
  return () => {
    const reader = new ByteReader(highBytes)
    reader.varint()
    const numbers = new NumberReader(reader, new ByteReader(lowBytes, 1), new DecodeBudget())
    expect(reader.left).toBe(0)
    return numbers
  }
}

describe('NumberReader', () => {
  it('gives what was written, in order and with values skipped', () => {
    fc.assert(
      fc.property(columns, fc.array(fc.nat({ max: 9 })), ({ values, mayStep }, skips) => {
        const open = written(values, mayStep)
        const whole = open()
        expect(values.map(() => whole.next())).toEqual(values)
        expect(() => whole.next()).toThrow('a column is too short')
        expectWithSkips(open(), values, skips)
      }),
      { numRuns: 300 },
    )
  })

  it('gives values by their places, in any order, and sums', () => {
    fc.assert(
      fc.property(columns, fc.array(fc.nat(), { maxLength: 8 }), ({ values, mayStep }, places) => {
        const reader = written(values, mayStep)()
        for (const place of places) {
          const at = place % values.length
          expect(reader.valueAt(at)).toBe(values[at])
          expect(reader.sum(at)).toBe(values.slice(0, at).reduce((sum, value) => sum + value, 0))
        }
        expect([...reader.all()]).toEqual(values)
        expect(() => reader.valueAt(values.length)).toThrow('a column is too short')
      }),
      { numRuns: 300 },
    )
  })
})
