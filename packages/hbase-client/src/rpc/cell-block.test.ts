import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HBaseError } from '../errors.js'
import { decodeCells, encodeCells, type NewCell } from './cell-block.js'

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array))
const cell: fc.Arbitrary<NewCell> = fc.record({
  row: bytes(1, 40),
  family: bytes(1, 20),
  qualifier: bytes(0, 40),
  timestamp: fc.bigInt({ min: 0n, max: 0x7fff_ffff_ffff_ffffn }),
  type: fc.constantFrom(4, 8, 12, 14),
  // On both sides of the size above which values are not copied.
  value: fc.oneof(
    bytes(0, 60),
    fc.integer({ min: 4090, max: 4100 }).map((size) => Buffer.alloc(size, 5)),
  ),
})

describe('cell blocks', () => {
  it('return the encoded cells', () => {
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 12 }), (cells) => {
        const block = encodeCells(cells)
        const joined = Buffer.concat(block.pieces)
        expect(joined.length).toBe(block.bytes)
        expect(decodeCells(joined)).toEqual(cells.map(({ type: _type, ...rest }) => rest))
      }),
    )
  })

  it('pass large values on without copying them', () => {
    const value = Buffer.alloc(65_536)
    const row = Buffer.from('r')
    const { pieces } = encodeCells([{ row, family: row, qualifier: row, timestamp: 1n, type: 4, value }])
    expect(pieces.includes(value)).toBe(true)
  })

  it('throw PROTOCOL or return other cells if they are damaged, and nothing else', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 3 }), damage, fc.nat(), (cells, changes, cut) => {
        const block = Buffer.concat(encodeCells(cells).pieces)
        for (const [at, byte] of changes) block[at % block.length] = byte
        try {
          decodeCells(block.subarray(0, block.length - (cut % block.length)))
        } catch (error) {
          expect(error).toBeInstanceOf(HBaseError)
          expect(error).toMatchObject({ code: 'PROTOCOL' })
        }
      }),
      { numRuns: 300 },
    )
  })
})
