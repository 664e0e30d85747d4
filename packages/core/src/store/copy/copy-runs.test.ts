import { describe, expect, it, onTestFinished } from 'vitest'
import type { InstanceRow } from '../../record/instance-row.js'
import { testRecord, testRow } from '../../resolve/test-trace.fixture.js'
import { formatHopId } from '../../id/index.js'
import type { HopRecord } from '../../record/record.js'
import type { Store } from '../contract.js'
import { keyRows } from '../key-rows.js'
import { idNanos, windowStart } from '../keys.js'
import { memoryStore } from '../memory.js'
import { StoreReader } from '../reader.js'
import { segmentRows } from '../segment-rows.js'
import { copiedRow, copyRuns } from './copy-runs.js'

const fromNanos = 1_795_000_010_000_000_000n
const second = 1_000_000_000n

async function opened(): Promise<Store> {
  const store = memoryStore()
  onTestFinished(() => store.close())
  await store.open()
  return store
}

/** A run with a hop a second, each with a key, in the buckets of its row. */
async function filled(store: Store, port: number, hops: number): Promise<[InstanceRow, HopRecord[]]> {
  const startNanos = fromNanos - BigInt(port)
  const run = {
    ...testRow('orders', port),
    startNanos,
    buckets: 8,
    windowMillis: 10_000,
    stores: [store.url],
  }
  const records = Array.from({ length: hops }, (_, i): HopRecord => {
    const nanos = fromNanos + BigInt(i) * second
    const hopId = formatHopId({ nanos, assigned: false, issuer: 0, counter: 0, ip: '127.0.0.1', port })
    const record = testRecord('orders', port, { hopId, traceId: hopId, keys: { orderId: String(i) } })
    return { ...record, instance: { address: run.address, worker: run.worker, startNanos: run.startNanos } }
  })
  const windows = new Map<bigint, HopRecord[]>()
  for (const record of records) {
    const start = windowStart(idNanos(record.hopId), 10n * second)
    windows.set(start, [...(windows.get(start) ?? []), record])
  }
  for (const [windowStartNanos, inWindow] of windows) {
    const meta = { service: 'orders', instance: (inWindow[0] as HopRecord).instance }
    const cut = { meta, buckets: 8, windowNanos: 10n * second, windowStartNanos, lane: 'first' } as const
    await store.put([...segmentRows({ ...cut, records: inWindow }).rows, ...keyRows(inWindow)])
  }
  return [run, records]
}

describe('copyRuns', () => {
  it('copies the records of the given runs with their keys, for other buckets, and counts them', async () => {
    const [from, to] = [await opened(), await opened()]
    const [run, records] = await filled(from, 4001, 35)
    await filled(from, 4002, 20)
    const copied = await copyRuns({ from, to, runs: [run], buckets: 3 })
    expect(copied).toEqual({ rows: 35 + 4, hops: 35 })
    const reader = new StoreReader(to, { buckets: 3, windowMillis: 10_000 })
    for (const { hopId, instance, keys } of records) {
      expect((await reader.lookup(instance, hopId))?.hopId).toBe(hopId)
      const hits = await reader.findKey('orderId', keys['orderId'] as string, { limit: 9 })
      expect(hits.map((hit) => hit.hopId)).toEqual([hopId])
    }
    // Again, it is the same.
    expect(await copyRuns({ from, to, runs: [run], buckets: 3 })).toEqual(copied)
  })

  it('copies from a time on, and the row says that older hops are not kept', async () => {
    const [from, to] = [await opened(), await opened()]
    const [run, records] = await filled(from, 4001, 35)
    const sinceNanos = fromNanos + 15n * second
    const { hops } = await copyRuns({ from, to, runs: [run], buckets: 1, sinceNanos })
    expect(hops).toBe(20)
    const reader = new StoreReader(to, { buckets: 1, windowMillis: 10_000 })
    expect(await reader.findKey('orderId', '14', { limit: 9 })).toEqual([])
    expect(await reader.findKey('orderId', '15', { limit: 9 })).toHaveLength(1)
    expect(await reader.lookup((records[0] as HopRecord).instance, (records[0] as HopRecord).hopId)).toBe(
      undefined,
    )

    const target = { url: 'tape:/1', buckets: 1 }
    const nowMillis = Number((fromNanos + 100n * second) / 1_000_000n)
    const row = { ...run, keepsSeconds: 1000 }
    expect(copiedRow(row, { ...target, sinceNanos }, nowMillis)).toEqual({
      ...row,
      ...{ stores: ['tape:/1'], buckets: 1, keepsSeconds: 85 },
    })
    expect(copiedRow({ ...row, keepsSeconds: 60 }, { ...target, sinceNanos }, nowMillis).keepsSeconds).toBe(
      60,
    )
    expect(copiedRow(row, { ...target, sinceNanos: undefined }, nowMillis).keepsSeconds).toBe(1000)
  })

  it('rejects when the target does not have what was put', async () => {
    const [from, inner] = [await opened(), await opened()]
    const [run] = await filled(from, 4001, 35)
    let puts = 0
    const to: Store = {
      url: 'memory:forgetful',
      supports: inner.supports,
      open: () => inner.open(),
      put: (rows) => inner.put(puts++ === 0 ? [] : rows.slice(1)),
      scan: (range) => inner.scan(range),
      close: () => inner.close(),
    }
    await expect(copyRuns({ from, to, runs: [run], buckets: 8 })).rejects.toThrow(
      /has \d+ of the 35 hops of orders/,
    )
  })
})
