import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextRow, prefixStop } from './index.js'

const bytes = fc.uint8Array({ maxLength: 5 }).map((array) => Buffer.from(array))
const high = fc.array(fc.constantFrom(0, 0xfe, 0xff), { maxLength: 4 }).map((array) => Buffer.from(array))

describe('prefixStop and nextRow', () => {
  it('bound exactly the rows with a prefix', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, high), fc.oneof(bytes, high), (prefix, row) => {
        const stop = prefixStop(prefix)
        const within = row.compare(prefix) >= 0 && (stop.length === 0 || row.compare(stop) < 0)
        expect(within).toBe(row.subarray(0, prefix.length).equals(prefix))
      }),
    )
  })

  it('leave no possible row between a row and the next', () => {
    fc.assert(
      fc.property(bytes, bytes, (row, other) => {
        expect(other.compare(row) > 0).toBe(other.compare(nextRow(row)) >= 0)
      }),
    )
  })
})
