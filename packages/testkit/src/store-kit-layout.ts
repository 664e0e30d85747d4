import type { HopId, HopRecord, InstanceRow, Store } from '@hoptrace/core/store'
import os from 'node:os'
import path from 'node:path'
import {
  StoreReader,
  clusterKeys,
  expireRows,
  keyRows,
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
  { ...realisticInstance, worker: 7 },
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
async function filled(store: Store): Promise<{ reader: StoreReader; records: HopRecord[] }> {
  const records: HopRecord[] = []
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
      await store.put([...first.rows, ...odd.rows, ...even.rows, ...keyRows(inWindow)])
    }
  }
  return { reader: new StoreReader(store, { buckets, windowMillis }), records }
}

async function idsOf(records: AsyncIterable<HopRecord>): Promise<HopId[]> {
  const ids: HopId[] = []
  for await (const { hopId } of records) ids.push(hopId)
  return ids
}
