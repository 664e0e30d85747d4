import { describe, expect, it } from 'vitest'
import type { HopRecord } from '../../record/record.js'
import { formatHopId } from '../../id/index.js'
import { memoryStore } from '../../store/memory.js'
import type { Store } from '../../store/contract.js'
import { createResolver, type Resolver } from '../create-resolver.js'
import { MemoryRegistry } from '../test-instance.fixture.js'
import { segmentRecordsOf } from '../test-store.fixture.js'
import { baseNanos, testRecord, testRow } from '../test-trace.fixture.js'

const port = 4001

/** One closed hop per millisecond, each with a different order, every fifth hundred of one customer. */
function hop(index: number): HopRecord {
  const nanos = baseNanos + BigInt(index) * 1_000_000n
  const hopId = formatHopId({ nanos, assigned: false, issuer: 0, counter: 0, ip: '127.0.0.1', port })
  const customer = index % 500 === 0 ? { customer: 'regular' } : {}
  return testRecord('orders', port, { hopId, keys: { orderId: `order-${index}`, ...customer } })
}

/** A dead service with this many shipped hops, and the number of scans of its store. */
async function shipped(hops: number): Promise<{ resolver: Resolver; scans: () => number }> {
  const store = memoryStore()
  await store.open()
  const row = testRow('orders', port, { state: 'dead', stores: [store.url] })
  for (let from = 0; from < hops; from += 10_000) {
    const records = Array.from({ length: Math.min(10_000, hops - from) }, (_, index) => hop(from + index))
    await store.put(segmentRecordsOf(row, records))
  }
  let scans = 0
  const counted: Store = Object.assign(Object.create(store) as Store, {
    scan: async (range: Parameters<Store['scan']>[0]) => {
      scans++
      return store.scan(range)
    },
  })
  const registry = new MemoryRegistry()
  await registry.put(row)
  return { resolver: createResolver({ registry, store: counted, dir: '/nowhere' }), scans: () => scans }
}

describe('what a business key costs', () => {
  it('is the same with a thousand hops stored and with twenty thousand', async () => {
    const costs: number[][] = []
    for (const hops of [1000, 20_000]) {
      const { resolver, scans } = await shipped(hops)
      const cost = async (question: () => Promise<unknown>): Promise<number> => {
        const before = scans()
        await question()
        return scans() - before
      }
      costs.push([
        await cost(async () => {
          const found = await resolver.find({ key: 'orderId', value: 'order-500' })
          expect(found.map(({ hopId }) => hopId)).toEqual([hop(500).hopId])
        }),
        await cost(async () => {
          const found = await resolver.find({ key: 'customer', value: 'regular', limit: 2 })
          expect(found.map(({ hopId }) => hopId)).toEqual([hop(hops - 500).hopId, hop(hops - 1000).hopId])
        }),
        await cost(async () => {
          expect(await resolver.resolve('orderId=order-500')).toMatchObject({ verdict: 'completed' })
        }),
        await cost(async () => expect(await resolver.find({ key: 'orderId', value: 'none' })).toEqual([])),
      ])
      await resolver.close()
    }
    expect(costs[1]).toEqual(costs[0])
    for (const cost of costs[0] ?? []) expect(cost).toBeLessThanOrEqual(3)
  })
})
