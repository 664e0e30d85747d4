import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HopId } from '../id/types.js'
import type { SegmentKey } from './keys.js'
import {
  aliasKey,
  aliasRange,
  businessKey,
  businessKeyHash,
  businessKeyRange,
  businessKeyText,
  idNanos,
  instanceKey,
  instanceNameKeys,
  instanceNameRange,
  instanceRange,
  instanceRowKey,
  laneRanges,
  readAliasKey,
  readBusinessKey,
  readNamedService,
  readSegmentKey,
  runKey,
  saltOf,
  segmentKey,
  serviceHash,
  serviceRange,
  windowRange,
  windowStart,
} from './keys.js'

const nanos = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`))
const id = hex(32) as fc.Arbitrary<HopId>
const address = fc.tuple(fc.ipV4(), fc.nat({ max: 65_535 })).map(([ip, port]) => `${ip}:${port}`)
const instance = fc.record({ address, worker: fc.nat({ max: 255 }), startNanos: nanos })
const key: fc.Arbitrary<SegmentKey> = fc
  .record({
    salt: fc.nat({ max: 127 }),
    windowStartNanos: nanos,
    run: instance.map(runKey),
    lane: fc.constantFrom('first' as const, 'late' as const),
    maxId: hex(20),
    batch: nanos,
  })
  .map((parts) => ({ ...parts, batch: parts.lane === 'late' ? parts.batch : null }))

/** Compares field by field, as the keys should. */
function compareFields(a: SegmentKey, b: SegmentKey): number {
  const fields = (k: SegmentKey) => [
    k.salt,
    k.windowStartNanos,
    k.run.toString('hex'),
    +(k.lane === 'late'),
    k.maxId,
    k.batch ?? 0n,
  ]
  const [left, right] = [fields(a), fields(b)]
  for (let i = 0; i < left.length; i++) {
    const [x, y] = [left[i] as bigint, right[i] as bigint]
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

const within = (bytes: Uint8Array, range: { from: Uint8Array; to: Uint8Array }): boolean =>
  Buffer.compare(bytes, range.from) >= 0 && Buffer.compare(bytes, range.to) < 0

describe('keys', () => {
  it('order as their fields do', () => {
    fc.assert(
      fc.property(key, key, fc.boolean(), fc.boolean(), (a, b, sameWindow, sameLane) => {
        const other = {
          ...b,
          ...(sameWindow && { salt: a.salt, windowStartNanos: a.windowStartNanos, run: a.run }),
          ...(sameLane && { lane: a.lane, batch: a.lane === 'late' ? (b.batch ?? 7n) : null }),
        }
        expect(Math.sign(Buffer.compare(segmentKey(a), segmentKey(other)))).toBe(compareFields(a, other))
      }),
      { numRuns: 500 },
    )
  })

  it('are read back', () => {
    fc.assert(
      fc.property(key, id, id, instance, (parts, a, b, run) => {
        expect(readSegmentKey(segmentKey(parts))).toEqual(parts)
        expect(readBusinessKey(businessKey(businessKeyHash(a), b))).toBe(b)
        expect(readAliasKey(aliasKey(a, b))).toBe(b)
        for (const other of [
          aliasKey(a, b),
          businessKey(businessKeyHash(a), b),
          instanceRowKey({ ...run, service: a }),
        ]) {
          expect(readSegmentKey(other)).toBeUndefined()
        }
      }),
    )
  })

  it('lie in the ranges that are scanned for them, and only in those', () => {
    fc.assert(
      fc.property(key, id, instance, nanos, (parts, hopId, run, time) => {
        const bytes = segmentKey(parts)
        const lane = (name: 'first' | 'late', from: string) =>
          laneRanges(parts.salt, parts.windowStartNanos, parts.run, from)[name]
        expect(within(bytes, lane(parts.lane, hopId))).toBe(parts.maxId >= hopId.slice(0, 20))
        expect(within(bytes, lane(parts.lane === 'late' ? 'first' : 'late', hopId))).toBe(false)
        expect(within(bytes, windowRange(parts.salt, 0n, time))).toBe(parts.windowStartNanos < time)
        const hash = businessKeyHash(hopId)
        expect(within(businessKey(hash, hopId), businessKeyRange(hash))).toBe(true)
        expect(within(businessKey(hash, hopId), businessKeyRange(hash, time))).toBe(idNanos(hopId) < time)
        expect(within(aliasKey('f'.repeat(32), hopId), aliasRange('f'.repeat(32)))).toBe(true)
        const ofService = { ...run, service: hopId }
        const row = instanceRowKey(ofService)
        expect(
          [instanceRange(), serviceRange(serviceHash(hopId))].map((range) => within(row, range)),
        ).toEqual([true, true])
        expect(within(row, serviceRange(serviceHash('other')))).toBe(false)
        const [named = bytes] = instanceNameKeys(['10.0.0.1:80'], ofService)
        expect(readNamedService(named)).toEqual(serviceHash(hopId))
        expect(within(named, instanceNameRange('10.0.0.1:80'))).toBe(true)
        expect(within(named, instanceNameRange('10.0.0.1:80', serviceHash(hopId)))).toBe(false)
        expect(within(named, instanceNameRange('10.0.0.1:81'))).toBe(false)
        expect(within(named, instanceRange())).toBe(false)
        expect(within(bytes, instanceRange())).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  it('put later hops of a business key first', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        const hash = businessKeyHash('orderId=42')
        if (idNanos(a) === idNanos(b)) return
        expect(Math.sign(Buffer.compare(businessKey(hash, a), businessKey(hash, b)))).toBe(a > b ? -1 : 1)
      }),
    )
  })

  it('tell names and values apart', () => {
    fc.assert(
      fc.property(fc.tuple(fc.string(), fc.string()), fc.tuple(fc.string(), fc.string()), (a, b) => {
        fc.pre(a[0] !== b[0] || a[1] !== b[1])
        expect(businessKeyText(...a)).not.toBe(businessKeyText(...b))
      }),
    )
    expect(businessKeyText('a=b', 'c')).not.toBe(businessKeyText('a', 'b=c'))
  })

  it('hold to the documented bytes', () => {
    const bytes = instanceKey({ address: '10.1.2.3:4002', worker: 7 })
    expect(bytes.toString('hex')).toBe('0a0102030fa207')
    expect(businessKeyHash(businessKeyText('orderId', '42')).toString('hex')).toBe('2be603e6cb4ffcaf')
    expect([1, 4, 128].map((buckets) => saltOf(bytes, buckets))).toEqual([0, 2, 30])
    expect(windowStart(1_795_000_012_345_678_901n, 10_000_000_000n)).toBe(1_795_000_010_000_000_000n)
  })

  it('refuse what has no place in them', () => {
    for (const bad of ['', '10.0.0.1', '10.0.0.256:1', '10.0.0.1:65536', '::1:80', 'host:80']) {
      expect(() => instanceKey({ address: bad, worker: 0 })).toThrow(TypeError)
    }
    expect(() => instanceKey({ address: '10.0.0.1:1', worker: 256 })).toThrow(TypeError)
    expect(() => saltOf(Buffer.alloc(7), 0)).toThrow(TypeError)
    expect(() => saltOf(Buffer.alloc(7), 129)).toThrow(TypeError)
  })
})
