import { describe, expect, it } from 'vitest'
import type { Registry } from '../../record/instance-row.js'
import { memoryStore } from '../memory.js'
import { composedRegistry } from './composed-registry.js'
import { fileRegistry } from './file-registry.js'
import { byWorker, freshDir, ours, row } from './registry.fixture.js'
import { storeRegistry } from './store-registry.js'

describe.each([
  ['fileRegistry', (dir: string): Registry => fileRegistry(dir, ours)],
  ['storeRegistry', (dir: string): Registry => storeRegistry(memoryStore(), dir, ours)],
  [
    'composedRegistry',
    (dir: string): Registry =>
      composedRegistry([fileRegistry(dir, ours), storeRegistry(memoryStore(), dir, ours)]),
  ],
])('%s', (_, create) => {
  it('keeps one row for each run, the last one written', async () => {
    const dir = await freshDir()
    const registry = create(dir)
    expect(await registry.list()).toEqual({ rows: [], unread: [] })
    await registry.put(row)
    await registry.put({ ...row, worker: 3 })
    await registry.put({ ...row, heartbeatMillis: row.heartbeatMillis + 1, state: 'stopped' })
    const { rows } = await registry.list()
    expect(rows.toSorted(byWorker)).toEqual([
      { ...row, heartbeatMillis: row.heartbeatMillis + 1, state: 'stopped' },
      { ...row, worker: 3 },
    ])
    await registry.close()
  })

  it('refuses a row that no reader would take', async () => {
    const registry = create(await freshDir())
    await expect(registry.put({ ...row, endpoint: 'http://evil.example/' })).rejects.toThrow(TypeError)
    expect(await registry.list()).toEqual({ rows: [], unread: [] })
  })
})
