import { describe, expect, it } from 'vitest'
import { writeChecked } from '../checked-value.js'
import { instanceRowKey } from '../keys.js'
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
