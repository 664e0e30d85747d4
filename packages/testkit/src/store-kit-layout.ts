import type { HopId, HopRecord, InstanceRef, InstanceRow, Row, Store } from '@hoptrace/core/store'
import os from 'node:os'
import path from 'node:path'
import {
  StoreReader,
  clusterKeys,
  ByteCounts,
  countRows,
  expireRows,
  keyRows,
  millisToDelete,
  segmentRows,
  storeRegistry,
  windowStart,
} from '@hoptrace/core/store'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { freshStore } from './store-kit-ground.js'
import { realisticInstance, realisticRecords } from './store-kit-records.js'
import type { StoreSubject } from './store-kit-subject.js'

const windowMillis = 1000
const windowNanos = 1_000_000_000n
const buckets = 4
const fromNanos = 1_795_000_010_500_000_000n
const instances = [
  realisticInstance,
  { ...realisticInstance, address: '10.1.2.4:4002' },
  { ...realisticInstance, worker: 7, startNanos: realisticInstance.startNanos + 1n },
]

/** The layout on top of a store: readers find exactly what shippers write. */
export function layoutSuite(subject: StoreSubject): void {
  it('finds each of some thousand records, each late one, and no absent one', async () => {
    const { reader, records } = await filled(await freshStore(subject))
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: records.length - 1 }), async (pick) => {
        const record = records[pick] as HopRecord
        expect(await reader.lookup(record.instance, record.hopId)).toEqual(record)
        const other = instances.find(
          ({ address, worker }) => address !== record.instance.address || worker !== record.instance.worker,
        )
        expect(await reader.lookup(other ?? realisticInstance, record.hopId)).toBeUndefined()
        const absent = (record.hopId.slice(0, 31) + (record.hopId.endsWith('0') ? '1' : '0')) as HopId
        expect(await reader.lookup(record.instance, absent)).toBeUndefined()
      }),
      { numRuns: 60, endOnFailure: true },
    )
  })

  it('returns every range complete and in id order, and continues after a page', async () => {
    const { reader, records } = await filled(await freshStore(subject))
    const sorted = records.toSorted((a, b) => (a.hopId < b.hopId ? -1 : 1))
    const time = fc.nat({ max: 4200 }).map((millis) => fromNanos + BigInt(millis) * 1_000_000n)
    await fc.assert(
      fc.asyncProperty(
        time,
        time,
        fc.integer({ min: 1, max: 2000 }),
        fc.subarray(instances),
        async (from, to, limit, some) => {
          const wanted = sorted.filter(({ hopId, instance }) => {
            const nanos = BigInt(`0x${hopId.slice(0, 16)}`)
            return nanos >= from && nanos < to && (some.length === 0 || some.includes(instance))
          })
          const options = { fromNanos: from, toNanos: to, limit, ...(some.length > 0 && { runs: some }) }
          const first = await idsOf(reader.range(options))
          expect(first).toEqual(wanted.slice(0, limit).map(({ hopId }) => hopId))
          const afterId = first.at(-1)
          if (afterId === undefined) return
          const second = await idsOf(reader.range({ ...options, afterId }))
          expect(second).toEqual(wanted.slice(limit, limit * 2).map(({ hopId }) => hopId))
        },
      ),
      { numRuns: 20, endOnFailure: true },
    )
  })

  it('finds business keys newest first', async () => {
    const { reader, records } = await filled(await freshStore(subject))
    const orders = [
      ...new Set(records.flatMap(({ keys }) => (keys['orderId'] === undefined ? [] : [keys['orderId']]))),
    ]
    for (const order of orders.slice(0, 20)) {
      const wanted = records.filter(({ keys }) => keys['orderId'] === order).map(({ hopId }) => hopId)
      const hits = await reader.findKey('orderId', order, { limit: 100 })
      expect(hits.map(({ hopId }) => hopId)).toEqual(wanted.toSorted().toReversed())
    }
    expect(await reader.findKey('orderId', 'none', { limit: 100 })).toEqual([])
  })

  it('keeps the rows of instances', async () => {
    const store = await freshStore(subject)
    const dataDir = path.join(os.tmpdir(), 'hoptrace-store-kit')
    const keys = clusterKeys('the key of the store kit, longer than 32', true)
    const registry = storeRegistry(store, dataDir, () => keys)
    await registry.put(instanceRow)
    await registry.put({ ...instanceRow, worker: 3 })
    await registry.put({ ...instanceRow, heartbeatMillis: 2, state: 'stopped' })
    expect((await registry.list()).rows).toEqual([
      { ...instanceRow, heartbeatMillis: 2, state: 'stopped' },
      { ...instanceRow, worker: 3 },
    ])
  })

  it('expires old windows and keys, and nothing else', async () => {
    const store = await freshStore(subject)
    if (store.deleteRange === undefined) return
    const { reader, records } = await filled(store)
    const beforeNanos = windowStart(fromNanos, windowNanos) + 2n * windowNanos
    await expireRows(store, { buckets, windowMillis, beforeNanos })
    const kept = records
      .filter(({ hopId }) => BigInt(`0x${hopId.slice(0, 16)}`) >= beforeNanos)
      .map(({ hopId }) => hopId)
    expect(await idsOf(reader.range({ fromNanos: 0n, toNanos: 2n ** 62n }))).toEqual(kept.toSorted())
    const { keys } = records[0] as HopRecord
    const hits = await reader.findKey('orderId', keys['orderId'] as string, { limit: 100 })
    expect(hits.filter(({ nanos }) => nanos < beforeNanos)).toEqual([])
  })

  it('with a limit of bytes, the oldest windows of one service go, and other services in the same rows stay', async () => {
    const store = await freshStore(subject)
    if (store.deleteRange === undefined) return
    const { reader, records, put } = await filled(store)
    const [one, two, other] = instances as [InstanceRef, InstanceRef, InstanceRef]
    const runs = [one, two]
    const counts = runs.map((run) => {
      const counted = new ByteCounts()
      countRows(counted, put.get(run) ?? [])
      return counted
    })
    const total = counts.reduce((sum, counted) => sum + counted.total, 0)
    const maxBytes = total / 2
    const heartbeatMillis = Number(fromNanos / 1_000_000n) + 5000
    const rows = counts.map(({ entries = [] }) => ({ bytes: entries, heartbeatMillis, windowMillis }))
    const millis = millisToDelete({ rows, maxBytes, fromMillis: 0 }) as number
    const beforeNanos = BigInt(Math.ceil(millis / windowMillis)) * windowNanos
    await expireRows(store, { buckets, windowMillis, beforeNanos, runs })

    const all = { fromNanos: 0n, toNanos: 2n ** 62n }
    const isYoung = ({ hopId }: HopRecord): boolean => BigInt(`0x${hopId.slice(0, 16)}`) >= beforeNanos
    const kept = records.filter((record) => record.instance === other || isYoung(record))
    expect(await idsOf(reader.range(all))).toEqual(kept.map(({ hopId }) => hopId).toSorted())
    const young = kept.filter(({ instance }) => instance !== other)
    expect(young.length).toBeGreaterThan(0)
    const rowsOf = (of: readonly InstanceRef[]): Row[] => of.flatMap((run) => put.get(run) ?? [])
    expect(await bytesLeft(store, rowsOf([other]))).toBe(sizeOf(rowsOf([other])))
    const left = await bytesLeft(store, rowsOf(runs))
    expect(left).toBeLessThanOrEqual(maxBytes)
    expect(left).toBeGreaterThan(maxBytes / 4)
  })
}

function sizeOf(rows: readonly Row[]): number {
  return rows.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
}

/** The bytes of those of these rows that are in the store. */
async function bytesLeft(store: Store, put: readonly Row[]): Promise<number> {
  const found = await store.scan({ from: Buffer.alloc(1), to: Buffer.of(0xf2), limit: 100_000 })
  const keys = new Set(found.map(({ key }) => Buffer.from(key).toString('hex')))
  return sizeOf(put.filter(({ key }) => keys.has(Buffer.from(key).toString('hex'))))
}

const instanceRow: InstanceRow = {
  service: 'payments',
  address: '10.1.2.3:4002',
  aliases: ['127.0.0.1:4002'],
  worker: 0,
  startNanos: 1_795_000_000_000_000_000n,
  host: 'host',
  pid: 1,
  endpoint: 'http://127.0.0.1:4002/_hoptrace/v1',
  stores: ['memory:payments'],
  buckets,
  windowMillis,
  boot: '',
  logDir: 'logs/kit/1-1-000000',
  loggedThrough: [0, 0],
  reached: [],
  heartbeatMillis: 1,
  shippedThroughNanos: 1n,
  dropped: [],
  state: 'running',
}

/** About four thousand records of three instances in five windows, every tenth in the late lane. */
async function filled(store: Store): Promise<{
  reader: StoreReader
  records: HopRecord[]
  put: ReadonlyMap<InstanceRef, readonly Row[]>
}> {
  const records: HopRecord[] = []
  const put = new Map<InstanceRef, Row[]>()
  for (const [i, instance] of instances.entries()) {
    // Workers with one address would issue the same id in the same nanosecond here.
    const ownNanos = fromNanos + BigInt(i)
    const own = realisticRecords({
      count: 1300,
      fromNanos: ownNanos,
      everyNanos: 3_000_000,
      instance,
      seed: i + 1,
    })
    records.push(...own)
    for (
      let window = windowStart(fromNanos, windowNanos);
      window < fromNanos + 8n * windowNanos;
      window += windowNanos
    ) {
      const inWindow = own.filter(
        ({ hopId }) => windowStart(BigInt(`0x${hopId.slice(0, 16)}`), windowNanos) === window,
      )
      if (inWindow.length === 0) continue
      const common = {
        meta: { service: 'payments', instance },
        buckets,
        windowNanos,
        windowStartNanos: window,
      }
      const late = inWindow.filter((_, n) => n % 10 === 9)
      const first = segmentRows({
        ...common,
        lane: 'first',
        records: inWindow.filter((_, n) => n % 10 !== 9),
      })
      const odd = segmentRows({
        ...common,
        lane: 'late',
        batch: 1n,
        records: late.filter((_, n) => n % 2 === 1),
      })
      const even = segmentRows({
        ...common,
        lane: 'late',
        batch: 2n,
        records: late.filter((_, n) => n % 2 === 0),
      })
      const rows = [...first.rows, ...odd.rows, ...even.rows, ...keyRows(inWindow)]
      await store.put(rows)
      put.set(instance, [...(put.get(instance) ?? []), ...rows])
    }
  }
  return { reader: new StoreReader(store, { buckets, windowMillis }), records, put }
}

async function idsOf(records: AsyncIterable<HopRecord>): Promise<HopId[]> {
  const ids: HopId[] = []
  for await (const { hopId } of records) ids.push(hopId)
  return ids
}
