import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { HopRecord } from '../../record/record.js'
import { formatHopId } from '../../id/index.js'
import type { Store } from '../../store/contract.js'
import type { InstanceRow } from '../../record/instance-row.js'
import { Chain } from '../chain.fixture.js'
import { baseNanos, testRecord, testRow } from '../test-trace.fixture.js'
import type { RangeReads } from '../walk/reads.js'
import { toJson } from '../../record/record-json.js'

function hopAt(port: number, millis: number, more: Partial<HopRecord> = {}): HopRecord {
  const nanos = baseNanos + BigInt(millis) * 1_000_000n
  const hopId = formatHopId({ nanos, assigned: false, issuer: 0, counter: 0, ip: '127.0.0.1', port })
  return testRecord('payments', port, { hopId, ...more })
}

const range = { service: 'payments', from: new Date('2026-11-22T15:00:00Z'), to: '2026-11-22T15:05:00Z' }

/** Nothing of the range is anywhere but in the store. */
const allShipped = { shippedThroughNanos: baseNanos + 600_000_000_000n }

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

describe('a range', () => {
  it('says which segments it read and which it passed over, alive or not', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    await own.ship(...Array.from({ length: 30 }, (_, window) => hopAt(own.port, window * 10_000 + 1)))
    const explain = async (query: object): Promise<{ found: number; reads: RangeReads }> => {
      let reads: RangeReads | undefined
      const onReads = (told: Readonly<RangeReads>): void => void (reads = told)
      const found = (await all(chain.resolver().range({ ...range, ...query, onReads }))).length
      return { found, reads: reads as RangeReads }
    }
    const short = { from: '2026-11-22T15:01:40Z', to: '2026-11-22T15:01:50Z' }
    const [whole, window] = [await explain({}), await explain(short)]
    expect(whole).toMatchObject({ found: 30, reads: { instances: 1, segments: 30, pruned: 0 } })
    expect(window).toMatchObject({ found: 1, reads: { instances: 1, segments: 1 } })
    expect(window.reads.scans).toBeLessThanOrEqual(4)
    await own.stop()
    own.register({ state: 'dead' })
    expect(await explain({})).toMatchObject({ found: 30, reads: { instances: 0, segments: 30, pruned: 0 } })
    const later = await explain({ from: '2026-11-22T15:01:40.002Z', to: '2026-11-22T15:01:41Z' })
    expect(later).toMatchObject({ found: 0, reads: { segments: 0 } })
  })

  it('gives its first hop before it has read the second window', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    await own.ship(...Array.from({ length: 30 }, (_, window) => hopAt(own.port, window * 10_000 + 1)))
    await own.stop()
    const windows = new Set<bigint>()
    const watched: Store = Object.assign(Object.create(own.store) as Store, {
      scan: async (asked: Parameters<Store['scan']>[0]) => {
        windows.add(Buffer.from(asked.from).readBigUInt64BE(1))
        return own.store.scan(asked)
      },
    })
    own.register({ state: 'dead' })
    const hops = chain.resolver({ store: watched }).range({ ...range, to: '2026-11-22T15:02:30Z' })
    for await (const hop of hops) {
      expect(hop.startTime).toContain('15:00:00')
      break
    }
    expect([...windows]).toEqual([baseNanos])
  })

  it('is never whole without a word when the log of a living run is damaged', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    own.records.push(hopAt(own.port, 1), hopAt(own.port, 2))
    const hops = async (): Promise<number> => (await all(chain.resolver().range(range))).length
    expect(await hops()).toBe(2)
    own.damaged = 'its log is damaged'
    await expect(hops()).rejects.toThrow(/not everything could be read: payments/)
  })

  it('is never whole without a word where a store has hops of the service of a run whose row is missing', async () => {
    await using chain = await Chain.of(['payments', 'payments', 'orders'])
    const [a, gone, shared] = [chain.instance(0), chain.instance(1), chain.instance(2)]
    await a.ship(hopAt(a.port, 1))
    for (const other of [gone, shared]) {
      await other.ship(hopAt(other.port, 2, { service: other.service }))
      await a.store.put(
        await other.store.scan({ from: Buffer.alloc(1), to: Buffer.alloc(1, 255), limit: 100 }),
      )
    }
    for (const instance of [a, gone, shared]) await instance.stop()
    const hops = async (rows: readonly InstanceRow[]): Promise<number> => {
      chain.registry.rows = rows.map((row) => ({ ...row, state: 'dead', stores: [a.store.url] }))
      return (await all(chain.resolver({ store: a.store }).range(range))).length
    }
    expect(await hops([a.row(), gone.row()])).toBe(2)
    await expect(hops([a.row()])).rejects.toThrow(/has records of payments of a run whose row is missing/)
  })

  it('is never short without a word: a limit that is reached hides nothing that could not be read', async () => {
    await using chain = await Chain.of(['payments', 'payments'])
    const [a, b] = [chain.instance(0), chain.instance(1)]
    a.records.push(hopAt(a.port, 1), hopAt(a.port, 2), hopAt(a.port, 3))
    await b.stop()
    b.register({ stores: ['memory:elsewhere'], pid: 1 })
    const got: string[] = []
    const reading = (async () => {
      for await (const hop of chain.resolver().range({ ...range, limit: 2 })) got.push(hop.hopId)
    })()
    await expect(reading).rejects.toThrow('memory:elsewhere')
    expect(got).toHaveLength(2)
  })

  it('is not reported as complete if a silent instance may have unshipped hops', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    await own.ship(hopAt(own.port, 1))
    await own.stop()
    const got: string[] = []
    const reading = (async () => {
      for await (const { hopId } of chain.resolver().range(range)) got.push(hopId)
    })()
    await expect(reading).rejects.toThrow(
      'does not answer, and its log is not here: what it did since 2026-11-22T15:01:00',
    )
    expect(got).toHaveLength(1)
    own.register(allShipped)
    expect(await all(chain.resolver().range(range))).toHaveLength(1)
  })

  it('is in order and whole page by page, whatever came late', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    const hops = Array.from({ length: 60 }, (_, index) => hopAt(own.port, index * 700))
    await own.ship(...hops.filter((_, index) => index % 3 === 0))
    own.records.push(...hops.filter((_, index) => index % 3 !== 0).reverse())
    const pages: string[][] = []
    for (let after: string | undefined; ;) {
      const page = await all(
        chain.resolver().range({ ...range, limit: 7, ...(after === undefined ? {} : { after }) }),
      )
      if (page.length === 0) break
      pages.push(page.map(({ hopId }) => hopId))
      after = page.at(-1)?.hopId
    }
    expect(pages.flat()).toEqual(hops.map(({ hopId }) => hopId))
  })

  it('may be backwards, empty or huge', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    own.records.push(hopAt(own.port, 1))
    await own.ship(hopAt(own.port, 5))
    const count = async (query: object): Promise<number> =>
      (await all(chain.resolver().range({ ...range, ...query }))).length
    expect(await count({ from: range.to, to: range.from })).toBe(0)
    expect(await count({ to: range.from })).toBe(0)
    expect(await count({ from: 0, to: 8e15 })).toBe(2)
    expect(await count({ from: 0n, to: 1n << 80n })).toBe(2)
    expect(await count({ service: 'nobody' })).toBe(0)
    for (const from of [-1, Number.NaN, Infinity, -1n, 'x', new Date(Number.NaN)])
      await expect(count({ from })).rejects.toThrow(TypeError)
  })

  it('reads what several runs of one address left in one store once', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    await own.ship(...Array.from({ length: 10 }, (_, index) => hopAt(own.port, index * 1000)))
    await own.stop()
    own.register({ state: 'dead' })
    const scansOf = async (): Promise<number> => {
      let scans = 0
      const onReads = (told: Readonly<RangeReads>): void => void (scans = told.scans)
      expect(await all(chain.resolver().range({ ...range, onReads }))).toHaveLength(10)
      return scans
    }
    const alone = await scansOf()
    for (let run = 1n; run < 20n; run++)
      chain.registry.rows.push({ ...own.row(), startNanos: own.row().startNanos - run * 1_000_000n })
    expect(await scansOf()).toBe(alone)
  })

  it('can be left, and ended', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    own.records.push(...Array.from({ length: 2000 }, (_, index) => hopAt(own.port, index)))
    const abort = new AbortController()
    const reading = (async () => {
      for await (const _ of chain.resolver().range({ ...range, signal: abort.signal }))
        abort.abort(new Error('enough'))
    })()
    await expect(reading).rejects.toThrow('enough')
  })
})

describe('an instance that answers a range with what it was not asked for', () => {
  const answers: Record<string, (port: number) => string> = {
    'hops that are not in order': (port) => [3, 2].map((at) => `${toJson(hopAt(port, at))}\n`).join(''),
    'hops of another time': (port) => `${toJson(hopAt(port, 86_400_000))}\n`,
    'no hops': () => '{"x":1}\n',
    'a line without an end': () => ' '.repeat(20 << 20),
    'a compressed bomb': () => 'x',
  }

  it.each(Object.keys(answers))('%s is not believed: its store is read', async (what) => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    const hops = [hopAt(own.port, 2), hopAt(own.port, 3), hopAt(own.port, 4)]
    await own.ship(...hops)
    own.register(allShipped)
    own.behaviour = (_req, res) => {
      res.writeHead(200, what.includes('compressed') ? { 'content-encoding': 'br' } : {})
      res.end(answers[what]?.(own.port))
    }
    const found = await all(chain.resolver().range(range))
    expect(found.map(({ hopId }) => hopId).slice(-2)).toEqual(hops.slice(1).map(({ hopId }) => hopId))
    expect(found.at(-1)?.source).toBe('store')
  })

  it('a redirect leads nowhere', async () => {
    await using chain = await Chain.of(['payments'])
    const asked: string[] = []
    const elsewhere: Server = createServer((req, res) => {
      asked.push(req.url ?? '')
      res.end()
    })
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
    const { port } = elsewhere.address() as AddressInfo
    const own = chain.instance(0)
    own.behaviour = (_req, res) =>
      res.writeHead(307, { location: `http://127.0.0.1:${port}/_hoptrace/v1/range` }).end()
    await own.ship(hopAt(own.port, 2, { keys: { orderId: '42' } }))
    own.register(allShipped)
    const resolver = chain.resolver()
    expect(await all(resolver.range(range))).toHaveLength(1)
    expect(await resolver.find({ key: 'orderId', value: '42' })).toHaveLength(1)
    // A row whose endpoint is not at its own address is not asked either.
    chain.registry.rows.push(
      testRow('payments', 1, { endpoint: `http://127.0.0.1:${port}/_hoptrace/v1`, ...allShipped }),
    )
    await chain.resolver().find({ key: 'orderId', value: '42' })
    await all(chain.resolver().range(range))
    expect(asked).toEqual([])
    await new Promise((resolve) => elsewhere.close(resolve))
  })
})
