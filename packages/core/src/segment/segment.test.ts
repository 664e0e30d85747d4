// Not Vitest's toStrictEqual: it calls two equal records different when an attribute is named `constructor` and is NaN.
import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HoptraceError } from '../base/errors.js'
import type { HopRecord } from '../record/record.js'
import { recordArbitrary, someInstance, someSpace } from '../record/record.arbitrary.js'
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
        deepStrictEqual(read, list)
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
        deepStrictEqual(findInSegment(segment, hopId), versions.reduce(foldVersions))
        const absent = (hopId.slice(0, 31) + (hopId.endsWith('0') ? '1' : '0')) as HopId
        if (list.every((record) => record.hopId !== absent))
          expect(findInSegment(segment, absent)).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('finds each record of a segment of any size, and no id that it does not have', () => {
    const size = fc.integer({ min: 1, max: 2000 })
    fc.assert(
      fc.property(size, templates, fc.nat(), (count, some, seed) => {
        const list = manyRecords(count, some, seed)
        const segment = encodeSegment(meta, list)
        const decoded = new Map<HopId, HopRecord>()
        for (const record of decodeSegment(segment).records) {
          const other = decoded.get(record.hopId)
          decoded.set(record.hopId, other === undefined ? record : foldVersions(other, record))
        }
        // Of a large segment each run takes other ids: a hundred or two, from the first to the last.
        const every = Math.ceil(decoded.size / 200)
        const last = decoded.size - 1
        const ids = [...decoded.keys()].filter((_, i) => i === 0 || i === last || i % every === seed % every)
        deepStrictEqual(
          ids.map((id) => findInSegment(segment, id)),
          ids.map((id) => decoded.get(id)),
        )
        const absent = ids.flatMap((id) => [otherTail(id), laterId(id)]).filter((id) => !decoded.has(id))
        expect(absent.filter((id) => findInSegment(segment, id) !== undefined)).toEqual([])
      }),
      { numRuns: 12, examples: [1, 2, 511, 512, 513, 2000].map((count) => [count, someTemplates, count]) },
    )
  })

  it('finds records that are weeks apart', () => {
    const [record] = someTemplates as [HopRecord]
    const list = Array.from({ length: 12 }, (_, i): HopRecord => {
      const nanos = someSpace.fromNanos + BigInt(i) * (2n ** 51n - 1n)
      return { ...record, hopId: (nanos.toString(16).padStart(16, '0') + record.hopId.slice(16)) as HopId }
    })
    const segment = encodeSegment(meta, list)
    deepStrictEqual(
      list.map(({ hopId }) => findInSegment(segment, hopId)),
      list,
    )
    expect(list.slice(0, -1).map(({ hopId }) => findInSegment(segment, laterId(hopId)))).toEqual(
      list.slice(1).map(() => undefined),
    )
  })

  it('keeps records of other instances and services whole', () => {
    fc.assert(
      fc.property(records, (list) => {
        const other = { service: 'payments', instance: { ...someInstance, worker: 9 } }
        deepStrictEqual(decodeSegment(encodeSegment(other, list)).records, list)
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

/** Records that others are made of. */
const templates = fc.array(recordArbitrary(), { minLength: 1, maxLength: 12 })
const someTemplates = fc.sample(recordArbitrary(), { numRuns: 12, seed: 3 })

/** Records like some others, in id order: versions of one hop, hops of one nanosecond, and later ones. */
function manyRecords(count: number, some: readonly HopRecord[], seed: number): HopRecord[] {
  const tails = ['8210' + '0a000007' + '0fa1', '0030' + '0a000007' + '0fa1', '8211' + '00000000' + '0050']
  let nanos = someSpace.fromNanos
  const made = Array.from({ length: count }, (_, i): HopRecord => {
    const mixed = Math.imul(seed + i, 0x9e3779b1) >>> 0
    if (mixed % 8 > 1) nanos += BigInt(mixed % 1_000_003)
    const tail = tails[(mixed >>> 8) % tails.length] as string
    const hopId = (nanos.toString(16).padStart(16, '0') + tail) as HopId
    return { ...(some[mixed % some.length] as HopRecord), hopId, startNanos: nanos + BigInt(mixed % 5000) }
  })
  return made.sort(byId)
}

function otherTail(id: HopId): HopId {
  return (id.slice(0, 31) + (id.endsWith('0') ? '1' : '0')) as HopId
}

function laterId(id: HopId): HopId {
  return ((BigInt(`0x${id.slice(0, 16)}`) + 1n).toString(16).padStart(16, '0') + id.slice(16)) as HopId
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    return error instanceof HoptraceError ? error.code : `not ours: ${String(error)}`
  }
  return undefined
}
