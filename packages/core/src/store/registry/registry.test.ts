import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ipv4OfHost } from '../../id/ip.js'
import type { InstanceRow, Registry } from '../instance-row.js'
import { instanceRowKey } from '../keys.js'
import { memoryStore } from '../memory.js'
import { rowFromJson, rowToJson } from './check-row.js'
import { composedRegistry } from './composed-registry.js'
import { fileRegistry } from './file-registry.js'
import { storeRegistry } from './store-registry.js'

const row: InstanceRow = {
  service: 'payments',
  address: '10.0.0.7:4002',
  aliases: ['127.0.0.1:4002', 'payments.local:4002'],
  reached: ['10.0.0.1:80'],
  worker: 2,
  startNanos: 1_795_000_000_000_000_001n,
  host: 'host-1',
  pid: 4242,
  endpoint: 'http://127.0.0.1:4002/_hoptrace/v1',
  stores: ['level:/var/x', 'hbase://a:2181/t', 'mysql://db:3306/traces'],
  buckets: 4,
  windowMillis: 10_000,
  logDir: 'logs/payments/1-2-3',
  loggedThrough: [1, 4096],
  heartbeatMillis: 1_795_000_000_000,
  shippedThroughNanos: 1_795_000_000_000_000_002n,
  dropped: [{ fromNanos: 1n, toNanos: 2n, count: 3 }],
  state: 'running',
}

async function freshDir(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-registry-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** The row as JSON with some fields replaced by what a hostile writer put there. */
function forged(fields: Record<string, unknown>): string {
  return JSON.stringify({ ...(JSON.parse(rowToJson(row)) as object), ...fields })
}

describe('a row of an instance', () => {
  it('is read back', () => {
    expect(rowFromJson(rowToJson(row))).toEqual(row)
    const bare = { ...row, endpoint: null, aliases: [], dropped: [], stores: [] }
    expect(rowFromJson(rowToJson(bare))).toEqual(bare)
  })

  it.each([
    ['a service that is no name', { service: '../etc' }],
    ['an address that is none', { address: 'evil.example:80' }],
    ['an alias with a path', { aliases: ['127.0.0.1:4002/x'] }],
    ['too many aliases', { aliases: Array.from({ length: 100 }, () => '127.0.0.1:1') }],
    ['an endpoint elsewhere', { endpoint: 'http://169.254.169.254/latest' }],
    ['an endpoint on another port', { endpoint: 'http://127.0.0.1:4003/_hoptrace/v1' }],
    ['an endpoint of another scheme', { endpoint: 'file:///etc/passwd' }],
    ['an endpoint with a password', { endpoint: 'http://a:b@127.0.0.1:4002/' }],
    ['an endpoint that only looks like its own', { endpoint: 'http://127.0.0.1:4002@evil.example:80/' }],
    ['a store that is none', { stores: ['level:'] }],
    ['no buckets', { buckets: 0 }],
    ['a window of no width', { windowMillis: 0 }],
    ['a time that is no number', { startNanos: '1e9' }],
    ['a time beyond 64 bits', { shippedThroughNanos: '99999999999999999999' }],
    ['a dropped range that is none', { dropped: [{ fromNanos: '1' }] }],
    ['an unknown state', { state: 'asleep' }],
    ['a text that is too long', { logDir: 'x'.repeat(70_000) }],
    ['a worker that is none', { worker: 256 }],
  ])('is refused with %s', (_, fields) => {
    expect(rowFromJson(forged({}))).toEqual(row)
    expect(rowFromJson(forged(fields))).toBeUndefined()
  })

  it('is at its own address also where that stands for an IPv6 one', () => {
    const at = (address: string, endpoint: string) =>
      rowFromJson(rowToJson({ ...row, address, aliases: [], endpoint }))
    const ipv4 = ipv4OfHost('2001:db8::1')
    expect(at(`${ipv4}:4001`, 'http://[2001:db8::1]:4001/_hoptrace/v1')?.address).toBe(`${ipv4}:4001`)
    expect(at('127.0.0.1:4001', 'http://[::1]:4001/_hoptrace/v1')?.address).toBe('127.0.0.1:4001')
    expect(at(`${ipv4}:4001`, 'http://[2001:db8::2]:4001/_hoptrace/v1')).toBeUndefined()
    expect(at(`${ipv4}:4001`, 'http://[2001:db8::1]:4002/_hoptrace/v1')).toBeUndefined()
    expect(at('127.0.0.1:4001', 'http://localhost:4001/_hoptrace/v1')).toBeUndefined()
  })

  it('keeps dropped ranges within bounds by joining them, and loses none', () => {
    const dropped = Array.from({ length: 1000 }, (_, i) => ({
      fromNanos: BigInt(i) * 100n + BigInt(i % 3),
      toNanos: BigInt(i) * 100n + 50n,
      count: 2,
    }))
    const read = rowFromJson(rowToJson({ ...row, dropped: dropped.toReversed() }))?.dropped ?? []
    expect(read.length).toBeLessThanOrEqual(256)
    expect(read.reduce((sum, { count }) => sum + count, 0)).toBe(2000)
    for (const range of dropped) {
      expect(
        read.some(({ fromNanos, toNanos }) => fromNanos <= range.fromNanos && toNanos >= range.toNanos),
      ).toBe(true)
    }
  })
})

const byWorker = (a: InstanceRow, b: InstanceRow): number => a.worker - b.worker

describe.each([
  ['fileRegistry', async (): Promise<Registry> => fileRegistry(await freshDir())],
  ['storeRegistry', async (): Promise<Registry> => storeRegistry(memoryStore())],
  [
    'composedRegistry',
    async (): Promise<Registry> =>
      composedRegistry([fileRegistry(await freshDir()), storeRegistry(memoryStore())]),
  ],
])('%s', (_, create) => {
  it('keeps one row for each run, the last one written', async () => {
    const registry = await create()
    expect(await registry.list()).toEqual([])
    await registry.put(row)
    await registry.put({ ...row, worker: 3 })
    await registry.put({ ...row, heartbeatMillis: row.heartbeatMillis + 1, state: 'stopped' })
    const rows = (await registry.list()).toSorted(byWorker)
    expect(rows).toEqual([
      { ...row, heartbeatMillis: row.heartbeatMillis + 1, state: 'stopped' },
      { ...row, worker: 3 },
    ])
    await registry.close()
  })

  it('refuses a row that no reader would take', async () => {
    const registry = await create()
    await expect(registry.put({ ...row, endpoint: 'http://evil.example/' })).rejects.toThrow(TypeError)
    expect(await registry.list()).toEqual([])
  })
})

describe('fileRegistry', () => {
  it('passes over files that are no rows, and counts them', async () => {
    const dir = await freshDir()
    const registry = fileRegistry(dir)
    await registry.put(row)
    const files = path.join(dir, 'registry')
    await writeFile(path.join(files, 'half.json'), rowToJson(row).slice(0, 100))
    await writeFile(path.join(files, 'other-name.json'), rowToJson(row))
    await writeFile(path.join(files, 'large.json'), 'x'.repeat(100_000))
    await writeFile(path.join(files, 'x.tmp'), 'half')
    expect(await registry.list()).toEqual([row])
    expect(registry.skipped).toBe(3)
  })

  it('is read and written by many at once, never half', async () => {
    const dir = await freshDir()
    const registries = Array.from({ length: 4 }, () => fileRegistry(dir))
    await registries[0]?.put(row)
    await Promise.all(
      registries.map(async (registry, i) => {
        for (let n = 0; n < 50; n++) {
          await registry.put({ ...row, heartbeatMillis: n * 10 + i })
          expect(await registry.list()).toHaveLength(1)
          expect(registry.skipped).toBe(0)
        }
      }),
    )
    expect(await readdir(path.join(dir, 'registry'))).toHaveLength(1)
  })

  it('forgets runs that have ended when their records are gone, and no others', async () => {
    const dir = await freshDir()
    const registry = fileRegistry(dir, { keepMillis: 60_000 })
    await registry.put({ ...row, worker: 0, state: 'stopped', heartbeatMillis: Date.now() - 120_000 })
    await registry.put({ ...row, worker: 1, state: 'dead', heartbeatMillis: Date.now() })
    await registry.put({ ...row, worker: 2, state: 'running', heartbeatMillis: 0 })
    expect((await registry.list()).map(({ worker }) => worker).toSorted()).toEqual([1, 2])
    expect(await readdir(path.join(dir, 'registry'))).toHaveLength(2)
    expect(await fileRegistry(dir).list()).toHaveLength(2)
  })

  it('cleans up what a killed process left half written, and nothing of one that lives', async () => {
    const dir = await freshDir()
    const files = path.join(dir, 'registry')
    const child = fork(new URL('./stuck-writer.fixture.ts', import.meta.url), [dir, rowToJson(row)])
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child, 'message')
    const other = { ...row, worker: 3 }
    const age = async (): Promise<string[]> => {
      const minutesAgo = new Date(Date.now() - 120_000)
      const left = (await readdir(files)).filter((name) => name.endsWith('.tmp'))
      for (const name of left) await utimes(path.join(files, name), minutesAgo, minutesAgo)
      return left
    }
    await writeFile(path.join(files, 'notes.tmp'), 'not ours')
    expect(await age()).toHaveLength(2)
    await fileRegistry(dir).put(other)
    expect(await age()).toHaveLength(2)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await fileRegistry(dir).put(other)
    expect(await age()).toEqual(['notes.tmp'])
    expect(await fileRegistry(dir).list()).toEqual([other])
  })

  it('fails when its directory cannot be read', async () => {
    const dir = await freshDir()
    await mkdir(path.join(dir, 'data'))
    await writeFile(path.join(dir, 'data', 'registry'), 'a file')
    await expect(fileRegistry(path.join(dir, 'data')).list()).rejects.toThrow('ENOTDIR')
  })
})

describe('storeRegistry', () => {
  it('passes over damaged rows and rows under the wrong key, and counts them', async () => {
    const store = memoryStore()
    const registry = storeRegistry(store)
    await registry.put(row)
    const [stored] = await store.scan({ from: Buffer.from([0xf2]), to: Buffer.from([0xf3]), limit: 1 })
    const value = Buffer.from(stored?.value ?? [])
    await store.put([{ key: instanceRowKey({ ...row, worker: 9 }), value }])
    value[20] = (value[20] as number) ^ 1
    await store.put([{ key: instanceRowKey({ ...row, worker: 8 }), value }])
    expect(await registry.list()).toEqual([row])
    expect(registry.skipped).toBe(2)
  })
})

describe('composedRegistry', () => {
  it('believes the later row, and a run that has ended', async () => {
    const [a, b] = [storeRegistry(memoryStore()), storeRegistry(memoryStore())]
    const both = composedRegistry([a, b])
    await a.put({ ...row, heartbeatMillis: 5 })
    await b.put({ ...row, heartbeatMillis: 7 })
    expect((await both.list()).map(({ heartbeatMillis }) => heartbeatMillis)).toEqual([7])
    await a.put({ ...row, heartbeatMillis: 7, state: 'dead' })
    expect((await both.list()).map(({ state }) => state)).toEqual(['dead'])
  })

  it('fails to list when one of its registries does, and still writes to the others', async () => {
    const good = storeRegistry(memoryStore())
    const store = memoryStore()
    await store.close()
    const both = composedRegistry([storeRegistry(store), good])
    await expect(both.list()).rejects.toMatchObject({ code: 'HOPTRACE_STORE_CLOSED' })
    await expect(both.put(row)).rejects.toMatchObject({ code: 'HOPTRACE_STORE_CLOSED' })
    expect(await good.list()).toEqual([row])
  })
})
