// Not Vitest's toStrictEqual: it calls two equal records different when an attribute is named `constructor` and is NaN.
import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordArbitrary, someInstance, someSpace } from '../record/record.arbitrary.js'
import type { HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import { isSameRun } from '../segment/record-parts.js'
import { foldVersions } from '../record/fold.js'
import { keyRows } from './key-rows.js'
import { idNanos, windowStart } from './keys.js'
import { memoryStore } from './memory.js'
import { StoreReader } from './reader.js'
import { segmentRows } from './segment-rows.js'

const windowMillis = 2000
const windowNanos = 2_000_000_000n
const instances = [
  someInstance,
  { ...someInstance, address: '10.0.0.8:4001' },
  { ...someInstance, worker: 0 },
  { ...someInstance, startNanos: someInstance.startNanos + 1n },
]

const written = fc.array(
  fc.oneof(...instances.map((instance) => recordArbitrary({ ...someSpace, instance }))),
  { maxLength: 60 },
)

const everything = { from: Buffer.alloc(0), to: Buffer.from([255]) }

/** Writes records as shippers would: a part in the first lane, the rest as late batches. */
async function write(records: readonly HopRecord[], buckets: number, late: (record: HopRecord) => boolean) {
  const store = memoryStore()
  const groups = new Map<string, HopRecord[]>()
  for (const record of records) {
    const key = `${instances.indexOf(record.instance)} ${windowStart(idNanos(record.hopId), windowNanos)} ${late(record)}`
    groups.set(key, [...(groups.get(key) ?? []), record])
  }
  let batch = 0n
  for (const [key, group] of groups) {
    const [index, start, isLate] = key.split(' ')
    const instance = instances[Number(index)] as (typeof instances)[number]
    group.sort((a, b) => (a.hopId < b.hopId ? -1 : 1))
    const common = {
      meta: { service: 'orders', instance },
      buckets,
      windowNanos,
      windowStartNanos: BigInt(start as string),
    }
    const { rows } = segmentRows(
      isLate === 'true'
        ? { ...common, lane: 'late', batch: batch++, records: group }
        : { ...common, lane: 'first', records: group },
    )
    await store.put([...rows, ...keyRows(group)])
  }
  return store
}

describe('StoreReader', () => {
  it('finds what was written, in whatever lane, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(written, fc.constantFrom(1, 4), async (records, buckets) => {
        const store = await write(records, buckets, (record) => record.aborted)
        const reader = new StoreReader(store, { buckets, windowMillis })
        for (const { hopId } of records) {
          for (const instance of instances) {
            const versions = records.filter(
              (record) => record.hopId === hopId && record.instance === instance,
            )
            // A run of which nothing is known, and one that was read before.
            const found = await new StoreReader(store, { buckets, windowMillis }).lookup(instance, hopId)
            deepStrictEqual(await reader.lookup(instance, hopId), found)
            if (versions.length === 0) expect(found).toBeUndefined()
            else if (versions.length === 1) deepStrictEqual(found, versions[0])
            else expect(found).toMatchObject({ hopId, state: versions.reduce(foldVersions).state })
          }
        }
      }),
      { numRuns: 40 },
    )
  })

  it('takes one read for a look-up, or two where the window has more, whether the id is there or not', async () => {
    const records = fc.sample(recordArbitrary(), { numRuns: 300, seed: 1 })
    for (const late of [true, false]) {
      const store = await write(records, 1, (record) => late && record.aborted)
      const stored = records.find(({ aborted }) => !aborted)?.hopId as HopId
      const reads = [
        [stored, late ? 2 : 1],
        ['18e91eff000000000000000000000000' as HopId, 1],
      ] as const
      for (const [id, expected] of reads) {
        const reader = new StoreReader(store, { buckets: 1, windowMillis })
        await reader.lookup(someInstance, id)
        await reader.lookup(someInstance, id)
        expect(reader.counts.scans).toBe(2 * expected)
      }
    }
  })

  it('gives a range in id order, whole, and pages of it that add up', async () => {
    await fc.assert(
      fc.asyncProperty(
        written,
        fc.constantFrom(1, 4),
        fc.nat({ max: 12 }),
        fc.nat({ max: 12 }),
        fc.boolean(),
        async (records, buckets, a, b, some) => {
          const store = await write(records, buckets, (record) => record.aborted)
          const fromNanos = someSpace.fromNanos + BigInt(Math.min(a, b)) * 999_999_999n
          const toNanos = someSpace.fromNanos + BigInt(Math.max(a, b)) * 999_999_999n
          const asked = some ? instances.slice(1) : instances
          const wanted = new Map<string, HopRecord>()
          for (const record of records) {
            const nanos = idNanos(record.hopId)
            if (nanos < fromNanos || nanos >= toNanos || !asked.includes(record.instance)) continue
            const key = `${record.hopId} ${instances.indexOf(record.instance)}`
            const known = wanted.get(key)
            wanted.set(key, known === undefined ? record : foldVersions(known, record))
          }
          const reader = new StoreReader(store, { buckets, windowMillis })
          const options = { fromNanos, toNanos, ...(some && { runs: asked }) }
          const all = await collect(reader.range(options))
          expect(all.map(({ hopId }) => hopId)).toEqual([...wanted.values()].map(({ hopId }) => hopId).sort())
          for (const record of all)
            expect(wanted.get(`${record.hopId} ${instanceIndex(record)}`)?.state).toBe(record.state)
          const paged: HopRecord[] = []
          for (let afterId: HopId | undefined; ;) {
            const page = await collect(reader.range({ ...options, limit: 7, ...(afterId && { afterId }) }))
            paged.push(...page)
            afterId = page.at(-1)?.hopId
            if (page.length < 7) break
          }
          deepStrictEqual(paged, all)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('finds a business key newest first, and aliases', async () => {
    const records = fc.sample(recordArbitrary(), { numRuns: 200, seed: 2 }).map((record, i) => ({
      ...record,
      keys: { orderId: String(i % 3) },
      assignedId: `b${i.toString(16).padStart(31, '0')}` as HopId,
    }))
    const store = await write(records, 1, () => false)
    const reader = new StoreReader(store, { buckets: 1, windowMillis })
    const wanted = records
      .filter(({ keys }) => keys['orderId'] === '1')
      .sort((a, b) => (a.hopId < b.hopId ? 1 : -1))
    const hits = await reader.findKey('orderId', '1', { limit: 1000 })
    const times = hits.map(({ nanos }) => nanos)
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? 1 : -1)))
    expect(new Set(hits.map(({ hopId }) => hopId))).toEqual(new Set(wanted.map(({ hopId }) => hopId)))
    expect(await reader.findKey('orderId', '1', { limit: 2 })).toEqual(hits.slice(0, 2))
    const older = await reader.findKey('orderId', '1', { limit: 2, beforeNanos: times[1] as bigint })
    expect(older).toEqual(hits.slice(2, 4))
    expect(await reader.findKey('orderId', 'none', { limit: 2 })).toEqual([])
    for (const { assignedId, hopId } of records) {
      expect(await reader.aliases(assignedId, { limit: 1 })).toMatchObject([
        { hopId, startNanos: someInstance.startNanos },
      ])
    }
    expect(await reader.aliases('0'.repeat(32), { limit: 1 })).toEqual([])
  })

  it('rejects rows whose key was changed, or whose value belongs to another key', async () => {
    const [sample] = fc.sample(recordArbitrary(), { numRuns: 1, seed: 3 }) as [HopRecord]
    const record = { ...sample, keys: { orderId: '7' }, assignedId: 'c'.repeat(32) as HopId }
    const rows = await (await write([record], 1, () => false)).scan({ ...everything, limit: 10 })
    for (const { key, value } of rows) {
      for (let at = 0; at < key.length; at++) {
        const store = memoryStore()
        const moved = Buffer.from(key)
        moved[at] = (moved[at] as number) ^ 1
        await store.put([{ key: moved, value }])
        const reader = new StoreReader(store, { buckets: 1, windowMillis })
        const records = [
          reader.lookup(someInstance, record.hopId).then((found) => found ?? []),
          collect(reader.range({ fromNanos: 0n, toNanos: 2n ** 62n })),
        ]
        const hits = [
          reader.findKey('orderId', '7', { limit: 5 }),
          reader.aliases('c'.repeat(32), { limit: 5 }),
        ]
        // Absent, or damaged; never another hop. A key's max id may be greater than that of its segment.
        for (const answer of await Promise.allSettled<unknown[] | HopRecord>([...records, ...hits])) {
          if (answer.status === 'rejected')
            expect(answer.reason).toMatchObject({ code: 'HOPTRACE_BAD_SEGMENT' })
          else expect([[], [record]]).toContainEqual([answer.value].flat())
        }
      }
    }
  })

  it('rejects damaged values and an aborted signal', async () => {
    const [record] = fc.sample(recordArbitrary(), { numRuns: 1, seed: 3 }) as [HopRecord]
    const store = await write([record], 1, () => false)
    const rows = await store.scan({ from: Buffer.from([0]), to: Buffer.from([128]), limit: 10 })
    const value = Buffer.from((rows[0] as { value: Uint8Array }).value)
    value[value.length - 1] = (value[value.length - 1] as number) ^ 1
    await store.put([{ key: (rows[0] as { key: Uint8Array }).key, value }])
    const reader = new StoreReader(store, { buckets: 1, windowMillis })
    await expect(reader.lookup(someInstance, record.hopId)).rejects.toMatchObject({
      code: 'HOPTRACE_BAD_SEGMENT',
    })
    const range = { fromNanos: 0n, toNanos: 2n ** 62n }
    await expect(collect(reader.range(range))).rejects.toMatchObject({ code: 'HOPTRACE_BAD_SEGMENT' })
    await expect(collect(reader.range({ ...range, signal: AbortSignal.abort() }))).rejects.toThrow('abort')
  })
})

function instanceIndex({ instance }: HopRecord): number {
  return instances.findIndex((other) => isSameRun(other, instance))
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
