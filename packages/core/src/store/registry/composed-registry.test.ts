import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { testRow } from '../../resolve/test-trace.fixture.js'
import type { InstanceRow, Registry, RegistryRows } from '../../record/instance-row.js'
import { composedRegistry } from './composed-registry.js'
import { memoryStore } from '../memory.js'
import { fileRegistry } from './file-registry.js'
import { listKnown } from './list-known.js'
import { byWorker, freshDir, ours, row } from './registry.fixture.js'
import { storeRegistry } from './store-registry.js'

const away: Registry = {
  name: 'hbase://away',
  list: () => Promise.reject(new Error('hbase://away: nobody listens')),
  put: () => Promise.reject(new Error('hbase://away: nobody listens')),
  close: async () => undefined,
}

class Held implements Registry {
  readonly name = 'held'
  readonly put_: InstanceRow[] = []
  private readonly waiting: (() => void)[] = []
  private held = true

  async list(): Promise<RegistryRows> {
    return { rows: this.put_, unread: [] }
  }

  async put(row: InstanceRow): Promise<void> {
    if (this.held) await new Promise<void>((resolve) => this.waiting.push(resolve))
    this.put_.push(row)
  }

  letGo(): void {
    this.held = false
    for (const release of this.waiting) release()
  }

  async close(): Promise<void> {}
}

class Kept implements Registry {
  readonly rows: InstanceRow[] = []
  async list(): Promise<RegistryRows> {
    return { rows: this.rows, unread: [] }
  }
  async put(row: InstanceRow): Promise<void> {
    this.rows.push(row)
  }
  async close(): Promise<void> {}
}

describe('several registries', () => {
  const memory = (): Registry => storeRegistry(memoryStore(), '/data', ours)

  it('believes the later row, and a run that has ended', async () => {
    const [a, b] = [memory(), memory()]
    const both = composedRegistry([a, b])
    await a.put({ ...row, heartbeatMillis: 5 })
    await b.put({ ...row, heartbeatMillis: 7 })
    expect((await both.list()).rows.map(({ heartbeatMillis }) => heartbeatMillis)).toEqual([7])
    await a.put({ ...row, heartbeatMillis: 7, state: 'dead' })
    expect((await both.list()).rows.map(({ state }) => state)).toEqual(['dead'])
  })

  it('takes the stores of a run from the data directory that is here, whatever is later', async () => {
    const dir = await freshDir()
    const [files, shared] = [fileRegistry(dir, ours), memory()]
    const stores = ['level:stores/payments']
    await files.put({ ...row, stores, heartbeatMillis: 5 })
    await shared.put({ ...row, stores, heartbeatMillis: 7 })
    await shared.put({ ...row, stores, worker: 3 })
    const { rows } = await composedRegistry([files, shared]).list()
    expect(rows.toSorted(byWorker)).toEqual([
      { ...row, stores: [`level:${path.join(dir, 'stores/payments')}`], heartbeatMillis: 7 },
      { ...row, stores, worker: 3 },
    ])
  })

  it('reads by name what any of its registries has under it, and the rest of those services from the others', async () => {
    const dir = await freshDir()
    const files = fileRegistry(dir, ours)
    const shared = storeRegistry(memoryStore(), '/data', ours)
    const [old, later] = [row, { ...row, worker: 3, aliases: [], reached: ['10.0.0.2:80'], endpoint: null }]
    await files.put(old)
    await shared.put(later)
    await shared.put({ ...later, service: 'orders', address: '10.0.0.8:4001', reached: [] })
    const { byName } = composedRegistry([files, shared])
    const workers = async (name: string): Promise<unknown> =>
      (await byName?.rowsOf([name]))?.map(({ service, worker }) => [service, worker]).toSorted()
    const both = [
      ['payments', 2],
      ['payments', 3],
    ]
    expect(await workers('10.0.0.1:80')).toEqual(both)
    expect(await workers('10.0.0.2:80')).toEqual(both)
    expect(await workers('10.0.0.3:80')).toEqual([])
    expect(composedRegistry([files]).byName).toBeUndefined()
  })

  it('says what is missing when one of its registries fails, and still writes to the others', async () => {
    const good = memory()
    const store = memoryStore()
    await store.close()
    const both = composedRegistry([storeRegistry(store, '/data', ours), good])
    await expect(both.put(row)).rejects.toMatchObject({ code: 'HOPTRACE_STORE_CLOSED' })
    expect((await good.list()).rows).toEqual([row])
    const { rows, unread } = await both.list()
    expect(rows).toEqual([row])
    expect(unread).toHaveLength(1)
  })
})

describe('several registries of which one is away', () => {
  it('list what is known, and say what may be missing', async () => {
    const kept = new Kept()
    kept.rows.push(testRow('orders', 4002))
    const { rows, unread } = await listKnown(composedRegistry([kept, away]))
    expect(rows).toHaveLength(1)
    expect(unread).toEqual(['hbase://away: nobody listens'])
    expect((await listKnown(composedRegistry([kept, new Kept()]))).unread).toEqual([])
  })

  it('reject where nothing at all is known', async () => {
    await expect(listKnown(composedRegistry([away, new Kept()]))).rejects.toMatchObject({
      code: 'HOPTRACE_STORE_UNAVAILABLE',
      message: expect.stringContaining('nobody listens') as string,
    })
  })

  it('are written all the same, each row at once', async () => {
    const kept = new Kept()
    const registry = composedRegistry([away, kept])
    await expect(registry.put(testRow('orders', 4002))).rejects.toThrow('nobody listens')
    expect(kept.rows).toHaveLength(1)
  })
})

describe('several registries of which one does not answer', () => {
  const silent = (): Registry & { asked: number } => ({
    name: 'hbase://silent',
    asked: 0,
    list() {
      this.asked++
      return new Promise(() => undefined)
    },
    put: () => new Promise(() => undefined),
    close: async () => undefined,
  })

  it('give what the others know after a moment, and ask the silent one once', async () => {
    const kept = new Kept()
    kept.rows.push(testRow('orders', 4002))
    const part = silent()
    const registry = composedRegistry([part, kept], { millis: 20, emptyMillis: 60_000 })
    for (let i = 0; i < 3; i++) {
      const { rows, unread } = await listKnown(registry)
      expect(rows).toHaveLength(1)
      expect(unread).toEqual(['hbase://silent does not answer yet'])
    }
    expect(part.asked).toBe(1)
  })

  it('wait longer where nothing is known without it, but not for ever', async () => {
    const registry = composedRegistry([silent(), new Kept()], { millis: 1, emptyMillis: 50 })
    await expect(listKnown(registry)).rejects.toThrow('hbase://silent does not answer yet')
  })
})

describe('several registries of which one hangs', () => {
  it('give it the newest row of each run once it answers, and keep no queue', async () => {
    const held = new Held()
    const kept = new Kept()
    const registry = composedRegistry([kept, held])
    const beat = (heartbeatMillis: number, worker = 0): Promise<void> =>
      registry.put(testRow('orders', 4002, { heartbeatMillis, worker })).catch((error: unknown) => {
        expect(String(error)).toContain('held does not answer yet')
      })
    await Promise.all([beat(1), beat(2), beat(3), beat(4, 1)])
    // The others have every row by now, long before it answers.
    expect(kept.rows.map(({ heartbeatMillis }) => heartbeatMillis)).toContain(1)
    expect(kept.rows.map(({ heartbeatMillis }) => heartbeatMillis)).toContain(3)
    held.letGo()
    await registry.close()
    const ofFirst = held.put_.filter(({ worker }) => worker === 0).map((row) => row.heartbeatMillis)
    expect(ofFirst).toEqual([1, 3])
    await registry.put(testRow('orders', 4002, { heartbeatMillis: 9 }))
    expect(held.put_.at(-1)?.heartbeatMillis).toBe(9)
  })
})
