import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HoptraceError } from '../base/errors.js'
import type { HopRecord } from '../record/record.js'
import { recordArbitrary, someInstance } from '../record/record.arbitrary.js'
import type { HopId } from '../id/types.js'
import { decodeSegment, findInSegment } from './decode.js'
import { encodeSegment } from './encode.js'
import { foldVersions } from '../record/fold.js'
import { readSegmentHead } from './head.js'

const meta = { service: 'orders', instance: someInstance }
const byId = (a: HopRecord, b: HopRecord): number => (a.hopId < b.hopId ? -1 : a.hopId > b.hopId ? 1 : 0)
const records = fc.array(recordArbitrary(), { minLength: 1, maxLength: 40 }).map((list) => list.sort(byId))

describe('segment', () => {
  it('gives back every record exactly', () => {
    fc.assert(
      fc.property(records, (list) => {
        const { head, records: read } = decodeSegment(encodeSegment(meta, list))
        expect(read).toStrictEqual(list)
        expect(read.map((record) => Object.keys(record.attributes))).toEqual(
          list.map((record) => Object.keys(record.attributes)),
        )
        expect(head).toEqual({
          ...meta,
          count: list.length,
          minId: list[0]?.hopId,
          maxId: list.at(-1)?.hopId,
        })
      }),
      { numRuns: 200 },
    )
  })

  it('finds one record as decoding all of them does', () => {
    fc.assert(
      fc.property(records, fc.nat(), (list, pick) => {
        const segment = encodeSegment(meta, list)
        const { hopId } = list[pick % list.length] as HopRecord
        const versions = list.filter((record) => record.hopId === hopId)
        expect(findInSegment(segment, hopId)).toStrictEqual(versions.reduce(foldVersions))
        const absent = (hopId.slice(0, 31) + (hopId.endsWith('0') ? '1' : '0')) as HopId
        if (list.every((record) => record.hopId !== absent))
          expect(findInSegment(segment, absent)).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('keeps records of other instances and services whole', () => {
    fc.assert(
      fc.property(records, (list) => {
        const other = { service: 'payments', instance: { ...someInstance, worker: 9 } }
        expect(decodeSegment(encodeSegment(other, list)).records).toStrictEqual(list)
      }),
      { numRuns: 30 },
    )
  })

  it('makes the same bytes of the same records', () => {
    fc.assert(
      fc.property(records, (list) => {
        expect(encodeSegment(meta, list)).toEqual(encodeSegment(meta, structuredClone(list)))
      }),
      { numRuns: 20 },
    )
  })

  it('rejects every flipped bit and every truncation', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, at, flip) => {
        const segment = encodeSegment(meta, list)
        const damaged = Uint8Array.from(segment)
        damaged[at % damaged.length] = (damaged[at % damaged.length] as number) ^ flip
        expect(codeOf(() => decodeSegment(damaged))).toBe('HOPTRACE_BAD_SEGMENT')
        expect(codeOf(() => readSegmentHead(damaged))).toBe('HOPTRACE_BAD_SEGMENT')
        expect(codeOf(() => decodeSegment(segment.subarray(0, at % segment.length)))).toBe(
          'HOPTRACE_BAD_SEGMENT',
        )
      }),
      { numRuns: 300 },
    )
  })

  it('refuses records out of order, from other days, and ids that are none', () => {
    const [a, b] = fc.sample(recordArbitrary(), { numRuns: 2, seed: 7 }).sort(byId) as [HopRecord, HopRecord]
    expect(() => encodeSegment(meta, [])).toThrow(TypeError)
    expect(() => encodeSegment(meta, [b, a])).toThrow(TypeError)
    expect(() => encodeSegment(meta, [a, { ...b, hopId: 'zz' as HopId }])).toThrow(TypeError)
    expect(() => encodeSegment(meta, [a, { ...b, hopId: `f${b.hopId.slice(1)}` as HopId }])).toThrow(
      TypeError,
    )
  })
})

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    return error instanceof HoptraceError ? error.code : `not ours: ${String(error)}`
  }
  return undefined
}
