import { describe, expect, it } from 'vitest'
import { Chain } from '../chain.fixture.js'
import { formatHopId } from '../../id/index.js'
import type { HopRecord } from '../../record/record.js'
import { baseNanos, testRecord } from '../test-trace.fixture.js'

/** One hop of an instance, some milliseconds after the base time. */
function hopAt(port: number, millis: number, more: Partial<HopRecord> = {}): HopRecord {
  const nanos = baseNanos + BigInt(millis) * 1_000_000n
  const hopId = formatHopId({ nanos, assigned: false, issuer: 0, counter: 0, ip: '127.0.0.1', port })
  return testRecord('payments', port, { hopId, ...more })
}

const range = { service: 'payments', from: new Date('2026-11-22T15:00:00Z'), to: '2026-11-22T15:01:00Z' }

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

describe('a range', () => {
  it('merges what all runs of a service did, shipped or not, alive or not, in id order', async () => {
    await using chain = await Chain.of(['payments', 'payments', 'orders'])
    const [a, b] = [chain.instance(0), chain.instance(1)]
    await a.ship(hopAt(a.port, 1000), hopAt(a.port, 12_000), hopAt(a.port, 70_000))
    a.records.push(hopAt(a.port, 30_000), hopAt(a.port, 12_000))
    await b.ship(hopAt(b.port, 2000), hopAt(b.port, 25_000))
    await b.stop()
    b.register({ state: 'dead' })
    chain.instance(2).records.push(testRecord('orders', chain.instance(2).port))
    const hops = await all(chain.resolver().range(range))
    expect(
      hops.map(({ startTime, hopId, source }) => [
        startTime.length,
        Number(`0x${hopId.slice(0, 16)}`) - Number(baseNanos),
        source,
      ]),
    ).toMatchObject([
      [30, 1e9, 'live'],
      [30, 2e9, 'store'],
      [30, 12e9, 'live'],
      [30, 25e9, 'store'],
      [30, 30e9, 'live'],
    ])
    const [first, second] = hops
    const page = await all(chain.resolver().range({ ...range, after: first?.hopId as string, limit: 1 }))
    expect(page).toEqual([second])
  })

  it('filters by status, route, duration and key', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    own.records.push(
      hopAt(own.port, 1, { status: 500 }),
      hopAt(own.port, 2, { route: '/charge' }),
      hopAt(own.port, 3, { durationMicros: 90_000 }),
      hopAt(own.port, 4, { keys: { orderId: '42' } }),
      hopAt(own.port, 5, { state: 'interrupted', status: null, durationMicros: null }),
    )
    const millis = async (filter: object): Promise<number[]> =>
      (await all(chain.resolver().range({ ...range, ...filter }))).map(({ hopId }) =>
        Number((BigInt(`0x${hopId.slice(0, 16)}`) - baseNanos) / 1_000_000n),
      )
    expect(await millis({ status: 'error' })).toEqual([1, 5])
    expect(await millis({ status: '5xx' })).toEqual([1])
    expect(await millis({ status: 'ok', route: '/' })).toEqual([3, 4])
    expect(await millis({ minDurationMicros: 80_000 })).toEqual([3])
    expect(await millis({ key: 'orderId=42' })).toEqual([4])
    await expect(millis({ status: 'bogus' })).rejects.toThrow(TypeError)
    await expect(millis({ from: 'yesterday-ish' })).rejects.toThrow(TypeError)
  })

  it('gives what it can read, and then rejects for what it could not', async () => {
    await using chain = await Chain.of(['payments', 'payments'])
    const [a, b] = [chain.instance(0), chain.instance(1)]
    a.records.push(hopAt(a.port, 1))
    await b.stop()
    b.register({ stores: ['memory:elsewhere'], pid: 1 })
    const got: string[] = []
    const reading = (async () => {
      for await (const hop of chain.resolver().range(range)) got.push(hop.hopId)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
    expect(got).toHaveLength(1)
  })

  it('continues with the store if an instance breaks off midway', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    const records = Array.from({ length: 50 }, (_, index) => hopAt(own.port, index + 1))
    await own.ship(...records)
    own.behaviour = (_req, res) => {
      const line = JSON.stringify(records[0], (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      )
      res.writeHead(200, { 'content-type': 'application/x-ndjson' })
      res.write(`${line}\n`, () => setTimeout(() => res.destroy(), 50))
    }
    const hops = await all(chain.resolver().range(range))
    expect(hops.map(({ hopId }) => hopId)).toEqual(records.map(({ hopId }) => hopId))
    expect(new Set(hops.map(({ source }) => source))).toEqual(new Set(['live', 'store']))
  })
})

describe('a business key', () => {
  it('leads to its traces, newest first, wherever they are', async () => {
    await using chain = await Chain.of(['payments', 'orders'])
    const [a, b] = [chain.instance(0), chain.instance(1)]
    const keys = { orderId: '42' }
    const [old, older, newest] = [
      hopAt(a.port, 2, { keys }),
      hopAt(b.port, 1, { keys }),
      hopAt(a.port, 3, { keys }),
    ]
    await a.ship(old)
    a.records.push(newest, hopAt(a.port, 9, { keys: { orderId: '43' } }))
    await b.ship(older)
    await b.stop()
    b.register({ state: 'dead' })
    const resolver = chain.resolver()
    const hits = await resolver.find({ key: 'orderId', value: '42' })
    expect(hits.map(({ hopId }) => hopId)).toEqual([newest, old, older].map(({ hopId }) => hopId))
    expect(hits[0]?.time).toBe('2026-11-22T15:00:00.003000000Z')
    expect((await resolver.find({ key: 'orderId', value: '42', limit: 1 })).length).toBe(1)
    expect((await resolver.resolve('orderId=42')).traceId).toBe(newest.traceId)
    expect(await resolver.resolve('orderId=nobody')).toMatchObject({ verdict: 'not-found' })
    expect(await resolver.find({ key: 'orderId', value: 'nobody' })).toEqual([])
  })

  it('is not reported as unknown if a store could not be read', async () => {
    await using chain = await Chain.of(['payments', 'orders'])
    const [a, b] = [chain.instance(0), chain.instance(1)]
    await b.stop()
    b.register({ stores: ['memory:elsewhere'], pid: 1 })
    const warnings: string[] = []
    const resolver = chain.resolver({ onWarning: (message) => warnings.push(message) })
    await expect(resolver.find({ key: 'orderId', value: '42' })).rejects.toMatchObject({
      code: 'HOPTRACE_STORE_UNAVAILABLE',
    })
    await expect(resolver.resolve('orderId=42')).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
    a.records.push(hopAt(a.port, 1, { keys: { orderId: '42' } }))
    expect(await resolver.find({ key: 'orderId', value: '42' })).toHaveLength(1)
    expect(warnings.join()).toContain('memory:elsewhere')
    expect((await resolver.resolve('orderId=42')).evidence.join()).toContain(
      'there may be a newer trace of orderId=42',
    )
  })
})
