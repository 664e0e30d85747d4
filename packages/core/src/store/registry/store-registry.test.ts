import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { writeChecked } from '../checked-value.js'
import { rowName } from '../../record/row-names.js'
import { instanceRowKey, nextKey } from '../keys.js'
import { memoryStore } from '../memory.js'
import { ours, row } from './registry.fixture.js'
import { writeRow } from './signed-row.js'
import { storeRegistry } from './store-registry.js'

describe('storeRegistry', () => {
  const day = 86_400_000
  const old = { startNanos: 1n, heartbeatMillis: Date.now() - 2 * day }

  it('tells of damaged rows and rows under the wrong key', async () => {
    const store = memoryStore()
    const registry = storeRegistry(store, '/data', ours)
    await registry.put(row)
    const [stored] = await store.scan({ from: Buffer.from([0xf2]), to: Buffer.from([0xf3]), limit: 1 })
    const value = Buffer.from(stored?.value ?? [])
    await store.put([{ key: instanceRowKey({ ...row, worker: 9 }), value }])
    value[20] = (value[20] as number) ^ 1
    await store.put([{ key: instanceRowKey({ ...row, worker: 8 }), value: Buffer.from(value) }])
    const { rows, unread } = await registry.list()
    expect(rows).toEqual([row])
    expect(unread.map((text) => text.replace(/^.*\) /, ''))).toEqual([
      'is damaged',
      'is the row of another run',
    ])
  })

  it('forgets runs whose last record has expired, by what their rows say, and no others', async () => {
    const store = memoryStore()
    const registry = storeRegistry(store, '/nowhere', ours)
    await registry.put({ ...row, ...old, worker: 0, state: 'stopped' })
    await registry.put({ ...row, ...old, worker: 1, state: 'running' })
    await registry.put({ ...row, ...old, worker: 2, state: 'dead', heartbeatMillis: Date.now() })
    await registry.put({ ...row, ...old, worker: 3, state: 'running', heartbeatMillis: Date.now() - day / 2 })
    await registry.put({ ...row, ...old, worker: 4, state: 'dead', service: 'orders' })
    await registry.put({ ...row, ...old, worker: 5, state: 'dead', service: 'orders', keepsSeconds: 60 })
    expect(await registry.removeEnded?.({ service: 'payments', beforeMillis: Date.now() - 60_000 })).toBe(3)
    expect((await registry.list()).rows.map(({ worker }) => worker).toSorted()).toEqual([2, 3, 4])
  })

  it('comes to all of many rows, some at a time', async () => {
    const store = memoryStore()
    const registry = storeRegistry(store, '/nowhere', ours)
    const text = (n: number) => ({ ...row, ...old, startNanos: BigInt(n), state: 'dead' }) as const
    await store.put(
      Array.from({ length: 20_500 }, (_, n) => ({
        key: instanceRowKey(text(n)),
        value: writeChecked(Buffer.from(writeRow(text(n), ours))),
      })),
    )
    const { rows, unread } = await registry.list()
    expect(rows).toHaveLength(20_500)
    expect(unread).toEqual([])
    const removed: number[] = []
    for (let look = 0; look < 3; look++)
      removed.push((await registry.removeEnded?.({ service: 'payments', beforeMillis: Date.now() })) ?? 0)
    expect(removed).toEqual([8192, 8192, 4116])
    expect((await registry.list()).rows).toEqual([])
  })
})

describe('the rows of a registry by name', () => {
  const orders = {
    ...row,
    service: 'orders',
    address: '10.0.0.8:4001',
    aliases: [],
    reached: ['10.0.0.1:80'],
    endpoint: null,
  }
  const other = {
    ...row,
    startNanos: row.startNanos + 5n,
    address: '10.0.0.9:4002',
    aliases: [],
    reached: [],
    endpoint: null,
  }
  const cart = { ...orders, service: 'cart', address: '10.0.0.10:4003', reached: ['kafka://carts'] }

  async function filled() {
    const store = memoryStore()
    const registry = storeRegistry(store, '/data', ours)
    for (const one of [row, orders, other, cart]) await registry.put(one)
    const services = async (...names: string[]): Promise<unknown> => {
      const rows = await registry.byName?.rowsOf(names)
      return rows?.map(({ service, startNanos }) => [service, startNanos - row.startNanos]).toSorted()
    }
    return { store, registry, services }
  }
  const payments = [
    ['payments', 0n],
    ['payments', 5n],
  ]

  it('are all runs of the services that have an address, a way, a port, a start, or the name itself', async () => {
    const { services } = await filled()
    for (const name of [
      rowName.place(row.address),
      rowName.place('127.0.0.1:4002'),
      rowName.place('Payments.LOCAL:4002'),
      rowName.place(other.address),
      rowName.service('payments'),
      rowName.start(other.startNanos),
      rowName.port(4002),
    ])
      expect([name, await services(name)]).toEqual([name, payments])
    expect(await services(rowName.place('10.0.0.1:80'))).toEqual([['orders', 0n], ...payments])
    expect(await services(rowName.place('kafka://carts'), rowName.port(4001))).toEqual([
      ['cart', 0n],
      ['orders', 0n],
    ])
    expect(await services(rowName.place('10.0.0.1:81'), rowName.service('nobody'), rowName.port(1))).toEqual(
      [],
    )
  })

  it('follow what a row says now, and go with it', async () => {
    const { store, registry, services } = await filled()
    await registry.put({ ...orders, reached: ['10.0.0.2:80'] })
    expect(await services(rowName.place('10.0.0.1:80'))).toEqual(payments)
    expect(await services(rowName.place('10.0.0.2:80'))).toEqual([['orders', 0n]])
    await registry.put(orders)
    expect(await services(rowName.place('10.0.0.1:80'))).toEqual([['orders', 0n], ...payments])
    const ended = { state: 'dead', heartbeatMillis: 1 } as const
    for (const one of [row, other, cart, orders]) await registry.put({ ...one, ...ended })
    expect(await registry.removeEnded?.({ service: 'payments', beforeMillis: Date.now() })).toBe(4)
    expect(await store.scan({ from: Buffer.of(0), to: Buffer.of(0xff), limit: 10 })).toEqual([])
  })

  it('come back within a minute when they are wiped', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { store, registry, services } = await filled()
    await store.deleteRange?.(Buffer.of(0xf3), Buffer.of(0xf4))
    await registry.put(orders)
    expect(await services(rowName.place(orders.address))).toEqual([])
    vi.advanceTimersByTime(60_001)
    await registry.put(orders)
    expect(await services(rowName.place(orders.address))).toEqual([['orders', 0n]])
  })

  it('are those of one service, however many of its runs have the name', async () => {
    const { registry, services } = await filled()
    for (let n = 0; n < 150; n++) await registry.put({ ...orders, startNanos: row.startNanos + BigInt(n) })
    expect(await services(rowName.place('10.0.0.1:80'))).toHaveLength(152)
  })

  it('are not given where one of them is damaged', async () => {
    const { store, services } = await filled()
    const key = instanceRowKey(other)
    const [stored] = await store.scan({ from: key, to: nextKey(key), limit: 1 })
    await store.put([{ key, value: Buffer.from(stored?.value ?? []).fill(7, 20, 30) }])
    expect(await services(rowName.place(row.address))).toBeUndefined()
    expect(await services(rowName.place(orders.address))).toEqual([['orders', 0n]])
  })

  it('are worth asking for where there are more than a thousand', async () => {
    const { registry } = await filled()
    expect(await registry.byName?.isLarge()).toBe(false)
    const store = memoryStore()
    const text = Buffer.from(writeRow(row, ours))
    await store.put(
      Array.from({ length: 1001 }, (_, n) => ({
        key: instanceRowKey({ ...row, startNanos: BigInt(n) }),
        value: writeChecked(text),
      })),
    )
    expect(await storeRegistry(store, '/data', ours).byName?.isLarge()).toBe(true)
  })
})
