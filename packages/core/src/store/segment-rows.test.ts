import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordArbitrary, someInstance, someSpace } from '../record/record.arbitrary.js'
import type { CallRecord, HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import { decodeSegment } from '../segment/decode.js'
import { readSegmentHead } from '../segment/head.js'
import { cellBytes } from '../segment/layout.js'
import type { Row } from './contract.js'
import { idNanos, readSegmentKey, windowStart } from './keys.js'
import type { SegmentBatch } from './segment-rows.js'
import { segmentRecords, segmentRows } from './segment-rows.js'

const windowNanos = 10_000_000_000n
const windowStartNanos = windowStart(someSpace.fromNanos, windowNanos)
const [base] = fc.sample(recordArbitrary(), { numRuns: 1, seed: 5 }) as [HopRecord]

function idAt(offset: number, tail = '0030' + '0a000007' + '0fa1'): HopId {
  return ((windowStartNanos + BigInt(offset)).toString(16).padStart(16, '0') + tail) as HopId
}

/** Records that do not compress: `noise` hex digits each. */
function noisy(count: number, noise: number): HopRecord[] {
  const texts = fc.sample(
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: noise, maxLength: noise }),
    {
      numRuns: count,
      seed: 9,
    },
  )
  return texts.map((text, i) => ({ ...base, hopId: idAt(i * 1000), attributes: { text } }))
}

function batch(records: readonly HopRecord[], rest: Partial<SegmentBatch> = {}): SegmentBatch {
  const meta = { service: 'orders', instance: someInstance }
  return { meta, buckets: 4, windowNanos, windowStartNanos, lane: 'first', records, ...rest }
}

describe('segmentRows', () => {
  it('keeps cells below 100 KB, in key order, whole, and without overlap', () => {
    const records = noisy(1500, 600)
    const { rows, cut } = segmentRows(batch(records))
    expect(rows.length).toBeGreaterThan(4)
    expect(rows.every(({ value }) => value.length < cellBytes)).toBe(true)
    expect(rows.flatMap(({ value }) => decodeSegment(value).records)).toEqual(records)
    const heads = rows.map(({ value }) => readSegmentHead(value))
    expect(heads.map(({ maxId }) => maxId)).toEqual(cut)
    for (const [i, { minId }] of heads.entries()) if (i > 0) expect(minId > (cut[i - 1] as string)).toBe(true)
    expect(rows.map(({ key }) => Buffer.from(key))).toEqual(
      rows.map(({ key }) => Buffer.from(key)).sort((a, b) => Buffer.compare(a, b)),
    )
  })

  it('makes the same rows of the same records, and of a cut made before', () => {
    const records = noisy(300, 600)
    const made = segmentRows(batch(records))
    expect(segmentRows(batch(structuredClone(records)))).toEqual(made)
    const cut = [records[10], records[250], records[299]].map((record) => (record as HopRecord).hopId)
    const again = segmentRows(batch(records, { cut }))
    expect(again.rows.map(({ value }) => readSegmentHead(value).count)).toEqual([11, 240, 49])
    expect(again.cut).toEqual(cut)
    expect(() => segmentRows(batch(records, { cut: cut.slice(0, 2) }))).toThrow(TypeError)
  })

  it('makes the segments of a cut again that has more records in one than it cuts now', () => {
    const records = noisy(2 * segmentRecords + 9, 8)
    const counts = ({ rows }: { rows: Row[] }) => rows.map(({ value }) => readSegmentHead(value).count)
    expect(counts(segmentRows(batch(records)))).toEqual([segmentRecords, segmentRecords, 9])
    const cut = [2 * segmentRecords, records.length].map((end) => (records[end - 1] as HopRecord).hopId)
    expect(counts(segmentRows(batch(records, { cut })))).toEqual([2 * segmentRecords, 9])
  })

  it('keeps the keys of a cut when records are gone', () => {
    const records = noisy(20, 8)
    const cut = [records[9], records[19]].map((record) => (record as HopRecord).hopId)
    const whole = segmentRows(batch(records, { cut }))
    const less = segmentRows(batch(records.slice(0, 15), { cut }))
    expect(less.rows.map(({ key }) => key)).toEqual(whole.rows.map(({ key }) => key))
    expect(segmentRows(batch(records.slice(10), { cut })).rows.map(({ key }) => key)).toEqual([
      whole.rows[1]?.key,
    ])
  })

  it('never cuts apart ids that share ten bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 60 }), (times) => {
        const records = times
          .sort((a, b) => a - b)
          .map((time, i) => ({
            ...(noise[i] as HopRecord),
            hopId: idAt(time, `00300a0000${(i % 100).toString().padStart(2, '0')}0fa1`),
          }))
          .sort((a, b) => (a.hopId < b.hopId ? -1 : 1))
        const { rows } = segmentRows(batch(records))
        const keys = rows.map(({ key }) => readSegmentKey(key)?.maxId)
        expect(new Set(keys).size).toBe(keys.length)
        expect(rows.flatMap(({ value }) => decodeSegment(value).records)).toEqual(records)
      }),
      { numRuns: 20 },
    )
  })

  it('stores one record that is larger than a cell', () => {
    const calls = Array.from({ length: 10_000 }, (_, i): CallRecord => ({
      hopId: idAt(1_000_000 + i * 7919, '8210' + '0a000008' + '0fa1'),
      target: `10.0.${i % 256}.8:4001`,
      service: null,
      method: 'GET',
      outcome: i % 7 === 0 ? 'ECONNRESET' : '200',
      offsetMicros: 1000 + i * 8 + (i % 5),
      durationMicros: (i * 7919) % 4096,
      servedBy: null,
      via: null,
      otherKey: null,
    }))
    const records = noisy(30, 400)
    records[15] = {
      ...(records[15] as HopRecord),
      next: calls,
      attributes: { text: noisy(1, 200_000)[0]?.attributes['text'] ?? '' },
    }
    const { rows } = segmentRows(batch(records))
    const large = rows.filter(({ value }) => value.length >= cellBytes)
    expect(large.map(({ value }) => readSegmentHead(value).count)).toEqual([1])
    expect(rows.flatMap(({ value }) => decodeSegment(value).records)).toEqual(records)
  })

  it('sheds the details of a record that no segment can hold, and counts them', () => {
    const text = (noisy(1, 1000)[0] as HopRecord).attributes['text'] as string
    const attributes = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`a${i}`, `${i}`.padEnd(3_000_000, text.slice(i))]),
    )
    const { rows } = segmentRows(
      batch([{ ...(noisy(1, 8)[0] as HopRecord), attributes, events: [], shed: 2 }]),
    )
    const [stored] = decodeSegment(rows[0]?.value as Uint8Array).records
    expect(stored).toMatchObject({ attributes: {}, events: [], shed: 32 })
  })

  it('stores what is left of a record that is beyond the limits of a hop, and counts what is lost', () => {
    const [record] = noisy(1, 8) as [HopRecord]
    const { rows } = segmentRows(batch([{ ...record, keys: { orderId: 'x'.repeat(1 << 25) } }]))
    const [stored] = decodeSegment(rows[0]?.value as Uint8Array).records
    expect(stored).toMatchObject({ hopId: record.hopId, state: record.state, keys: {}, next: [] })
    expect(stored?.lost).toBeGreaterThan(0)
  })

  it('gives late batches separate keys', () => {
    const records = noisy(3, 8)
    const keys = [1n, 2n, 1n].map(
      (number) => segmentRows(batch(records, { lane: 'late', batch: number })).rows[0]?.key,
    )
    expect(keys[0]).toEqual(keys[2])
    expect(keys[0]).not.toEqual(keys[1])
  })

  it('refuses records of another window, and a lane without its batch', () => {
    const records = noisy(2, 8)
    expect(() => segmentRows(batch(records, { windowStartNanos: windowStartNanos - windowNanos }))).toThrow(
      TypeError,
    )
    expect(() => segmentRows(batch(records, { lane: 'late' }))).toThrow(TypeError)
    expect(() => segmentRows(batch(records, { batch: 1n }))).toThrow(TypeError)
    expect(segmentRows(batch([]))).toEqual({ rows: [], cut: [] })
    expect(idNanos(records[0]?.hopId as HopId)).toBe(windowStartNanos)
  })
})

const noise = noisy(60, 8000)
