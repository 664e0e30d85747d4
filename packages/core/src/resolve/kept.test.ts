import { describe, expect, it, onTestFinished } from 'vitest'
import { formatHopId } from '../id/index.js'
import type { HopId } from '../id/types.js'
import type { InstanceRow } from '../record/instance-row.js'
import type { Store } from '../store/contract.js'
import { memoryStore } from '../store/memory.js'
import { Chain } from './chain.fixture.js'
import { createResolver } from './create-resolver.js'
import type { Resolver } from './create-resolver.js'
import { segmentRecordsOf } from './test-store.fixture.js'
import { testRecord, testRow } from './test-trace.fixture.js'

const nowNanos = BigInt(Date.now()) * 1_000_000n
const day = 86_400

function idAt(port: number, secondsAgo: number): HopId {
  const nanos = nowNanos - BigInt(secondsAgo) * 1_000_000_000n
  return formatHopId({ nanos, assigned: false, issuer: 0, counter: 0, ip: '127.0.0.1', port })
}

function row(more: Partial<InstanceRow>): InstanceRow {
  const heartbeatMillis = Date.now()
  return { ...testRow('orders', 4001), heartbeatMillis, state: 'dead', endpoint: null, stores: [], ...more }
}

function resolverOf(rows: readonly InstanceRow[], warnings: string[] = [], store?: Store): Resolver {
  const registry = {
    list: async () => ({ rows, unread: [] }),
    put: async () => undefined,
    close: async () => undefined,
  }
  const resolver = createResolver({
    dir: '/nowhere',
    registry: { name: 'test', ...registry },
    onWarning: (text) => warnings.push(text),
    ...(store === undefined ? {} : { store }),
  })
  onTestFinished(() => resolver.close())
  return resolver
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

describe('what a store does not keep any more', () => {
  it('is said to be older than that, where no run is left that it could be asked of', async () => {
    const resolver = resolverOf([row({ keepsSeconds: 7 * day })])
    const old = await resolver.resolve(idAt(4999, 8 * day))
    expect(old.evidence.join('\n')).toContain(
      'it is older than the stores keep, 7 days: if it was there, it has been deleted',
    )
    const young = await resolver.resolve(idAt(4999, 6 * day))
    expect(young.evidence.join('\n')).not.toContain('older')
    const keeper = await resolverOf([
      row({ keepsSeconds: 7 * day }),
      row({ address: '127.0.0.1:4009' }),
    ]).resolve(idAt(4999, 8 * day))
    expect(keeper.evidence.join('\n')).not.toContain('older')
  })

  it('proves nothing of a run that was there: it is not known, and not absent', async () => {
    const store = memoryStore()
    onTestFinished(() => store.close())
    await store.open()
    const began = { startNanos: nowNanos - 30n * BigInt(day) * 1_000_000_000n, stores: [store.url] }
    const old = await resolverOf([row({ ...began, keepsSeconds: 7 * day })], [], store).resolve(
      idAt(4001, 8 * day),
    )
    expect(old.verdict).toBe('undetermined')
    expect(old.evidence.join('\n')).toMatch(
      /keeps records for 7 days: one of .* is older than its store keeps/,
    )
    const young = await resolverOf([row({ ...began, keepsSeconds: 7 * day })], [], store).resolve(
      idAt(4001, 6 * day),
    )
    expect(young.verdict).toBe('not-found')
  })

  it('is unknown where a limit of bytes has deleted it, whichever run of the service says so', async () => {
    const store = memoryStore()
    onTestFinished(() => store.close())
    await store.open()
    const stores = [store.url]
    const startNanos = nowNanos - 30n * BigInt(day) * 1_000_000_000n
    const deletedBeforeNanos = nowNanos - 2n * BigInt(day) * 1_000_000_000n
    const warnings: string[] = []
    const dead = row({ startNanos, stores })
    const living = row({ address: '127.0.0.1:4002', stores, deletedBeforeNanos })
    const resolver = resolverOf([dead, living], warnings, store)
    const old = await resolver.resolve(idAt(4001, 3 * day))
    expect(old.verdict).toBe('undetermined')
    expect(old.evidence.join('\n')).toMatch(
      /has deleted its records from before .*Z, which took more than its limit of bytes: one of .* is older than its store keeps/,
    )
    expect((await resolver.resolve(idAt(4001, day))).verdict).toBe('not-found')
    const ofNone = await resolver.resolve(idAt(4999, 3 * day))
    expect(ofNone.verdict).toBe('undetermined')
    expect(ofNone.evidence.join('\n')).toContain('it is older than the store of orders keeps')
    expect((await resolver.resolve('orderId=42')).evidence.join('\n')).toMatch(
      /no trace has the key orderId=42\nrecords from before .*Z have been deleted/,
    )
    await all(resolver.range({ service: 'orders', from: nowNanos - 3n * BigInt(day) * 1_000_000_000n }))
    expect(warnings.join('\n')).toMatch(/^orders has deleted its records from before/)
    // Another service, and another store of the same service, have deleted nothing.
    const others = [dead, { ...living, service: 'billing' }, { ...living, stores: ['memory:other'] }]
    expect((await resolverOf(others, [], store).resolve(idAt(4001, 3 * day))).verdict).toBe('not-found')
  })

  it('is named beside a range, as are records that were lost, and a service that nobody knows', async () => {
    const warnings: string[] = []
    const lost = { fromNanos: nowNanos - 60_000_000_000n, toNanos: nowNanos - 50_000_000_000n, count: 3 }
    const resolver = resolverOf([row({ keepsSeconds: 7 * day, dropped: [lost] })], warnings)
    const from = nowNanos - 8n * BigInt(day) * 1_000_000_000n
    expect(await all(resolver.range({ service: 'orders', from }))).toEqual([])
    expect(warnings).toEqual([
      expect.stringMatching(
        /^orders has deleted its records from before \d{4}-.*Z: they are older than its store keeps$/,
      ),
      expect.stringMatching(/^orders 127\.0\.0\.1:4001 lost 3 records between .*Z and .*Z$/),
    ])
    warnings.length = 0
    expect(await all(resolver.range({ service: 'order', from: nowNanos - 1n }))).toEqual([])
    expect(warnings).toEqual(['no instance of a service order is registered; registered are: orders'])
  })
})

describe('the newest trace of a key, while the store of a run that has ended is away', () => {
  it('is doubtful as long as that run may have had a newer one, and no longer', async () => {
    await using chain = await Chain.of(['gateway'])
    const own = chain.instance(0)
    const hopId = idAt(own.port, 100)
    const record = testRecord('gateway', own.port, { hopId, traceId: hopId, keys: { orderId: '42' } })
    own.records.push({ ...record, startNanos: nowNanos - 100_000_000_000n })
    const away = { stores: ['level:/nowhere/at/all'], logDir: 'logs/orders/gone' }
    const [known] = (await chain.registry.list()).rows
    const ask = async (heartbeatMillis: number): Promise<string> => {
      const rows = [known as InstanceRow, row({ ...away, heartbeatMillis })]
      const registry = {
        list: async () => ({ rows, unread: [] }),
        put: async () => undefined,
        close: async () => undefined,
      }
      const answer = await chain.resolver({ registry, mode: 'iterative' }).resolve('orderId=42')
      expect(answer.traceId).toBe(hopId)
      return answer.evidence.join('\n')
    }
    expect(await ask(Date.now())).toContain('there may be a newer trace of orderId=42')
    expect(await ask(Date.now() - day * 1000)).not.toContain('newer trace')
  })
})

it('one signal reads a table of many buckets, and Node warns of no leak', async () => {
  const warned: string[] = []
  const listen = (warning: Error): void => void warned.push(warning.name)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  const { StoreReader } = await import('../store/reader.js')
  const inner = memoryStore()
  await inner.open()
  await inner.put(segmentRecordsOf({ ...testRow('orders', 4001), buckets: 32 }, [testRecord('orders', 4001)]))
  const listening = {
    ...inner,
    url: 'own:x',
    supports: inner.supports,
    open: () => inner.open(),
    put: () => Promise.resolve(),
    close: () => inner.close(),
    scan: async (range: Parameters<typeof inner.scan>[0]) => {
      const heard = (): void => undefined
      range.signal?.addEventListener('abort', heard)
      await new Promise((resolve) => setTimeout(resolve, 20))
      range.signal?.removeEventListener('abort', heard)
      return inner.scan(range)
    },
  }
  const reader = new StoreReader(listening, { buckets: 32, windowMillis: 10_000 })
  const { signal } = new AbortController()
  await all(reader.range({ fromNanos: 0n, toNanos: nowNanos, signal }))
  await new Promise((resolve) => setImmediate(resolve))
  expect(warned).toEqual([])
})
