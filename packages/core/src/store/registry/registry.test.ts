import { execFileSync } from 'node:child_process'
import { chmodSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ipv4OfHost } from '../../id/ip.js'
import { clusterKeys, newClusterKey } from '../../key/index.js'
import type { InstanceRow, InstanceRows, Registry } from '../../record/instance-row.js'
import { instanceRowKey } from '../keys.js'
import { writeChecked } from '../checked-value.js'
import { memoryStore } from '../memory.js'
import { rowFromJson, rowToJson } from './check-row.js'
import { composedRegistry } from './composed-registry.js'
import { fileRegistry, registerNow } from './file-registry.js'
import { rowFile } from './row-file.js'
import { readRow, writeRow } from './signed-row.js'
import { storeRegistry } from './store-registry.js'

const row: InstanceRow = {
  service: 'payments',
  address: '10.0.0.7:4002',
  aliases: ['127.0.0.1:4002', 'payments.local:4002'],
  reached: ['10.0.0.1:80'],
  worker: 2,
  startNanos: 1_795_000_000_000_000_001n,
  host: 'host-1',
  boot: '00112233-4455-6677-8899-aabbccddeeff',
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

const keys = clusterKeys(newClusterKey(), true)
const ours = () => keys

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
    ['too many aliases', { aliases: Array.from({ length: 1025 }, () => '127.0.0.1:1') }],
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
    ['a text that is too long', { boot: 'x'.repeat(70) }],
    ['a log elsewhere', { logDir: '/etc' }],
    ['a log above', { logDir: 'logs/../etc' }],
    ['a log above, too', { logDir: 'logs/payments/..' }],
    ['a store above', { stores: ['level:stores/../../etc'] }],
    ['a worker that is none', { worker: 256 }],
  ])('is refused with %s', (_, fields) => {
    expect(rowFromJson(forged({}))).toEqual(row)
    expect(rowFromJson(forged(fields))).toBeUndefined()
  })

  it('is at its own address even if that represents an IPv6 address', () => {
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

  const port = fc.integer({ min: 1, max: 65_535 })
  const ipPort = fc.tuple(fc.ipV4(), port).map(([ip, number]) => `${ip}:${number}`)
  const place = fc.oneof(
    ipPort,
    fc.tuple(fc.domain(), port).map(([name, number]) => `${name}:${number}`),
  )
  const nanos = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  const millis = fc.integer({ min: 0, max: 2 ** 53 - 1 })
  const level = fc
    .array(
      fc.stringMatching(/^[^/\\\0]{1,60}$/u).filter((part) => part !== '.' && part !== '..'),
      {
        minLength: 1,
        maxLength: 20,
      },
    )
    .map((parts) => `level:/${parts.join('/')}`)
  const anyRow: fc.Arbitrary<InstanceRow> = fc
    .record({
      service: fc.stringMatching(/^[a-z0-9_-]{1,64}$/),
      address: ipPort,
      aliases: fc.array(place, { maxLength: 1500, size: 'max' }),
      reached: fc.array(place, { maxLength: 200 }),
      loggedThrough: fc.tuple(millis, millis),
      worker: fc.integer({ min: 0, max: 255 }),
      startNanos: nanos,
      host: fc.string({ maxLength: 64 }),
      boot: fc.uuid(),
      pid: fc.nat(),
      isListening: fc.boolean(),
      stores: fc.array(fc.oneof(level, fc.constant('hbase://a:2181,b:2181/t')), { maxLength: 40 }),
      buckets: fc.integer({ min: 1, max: 128 }),
      windowMillis: fc.integer({ min: 100, max: 3_600_000 }),
      logDir: fc.stringMatching(/^logs\/[a-z0-9_-]{1,64}\/\d{1,20}-\d{1,7}-[0-9a-f]{6}$/),
      heartbeatMillis: millis,
      shippedThroughNanos: nanos,
      dropped: fc.array(fc.record({ fromNanos: nanos, toNanos: nanos, count: fc.nat() }), { maxLength: 600 }),
      state: fc.constantFrom('running', 'stopped', 'dead'),
    })
    .map(({ isListening, ...fields }) => ({
      ...fields,
      endpoint: isListening ? `http://${fields.address}/_hoptrace/v1` : null,
    }))

  it('is taken by the reader, whatever the writer writes', () => {
    fc.assert(
      fc.property(anyRow, (written) => {
        const read = readRow(writeRow(written, ours), ours)
        expect(read).toMatchObject({
          row: {
            service: written.service,
            address: written.address,
            aliases: written.aliases.slice(0, 1024),
            reached: written.reached.slice(-64),
            stores: written.stores.slice(-16),
            endpoint: written.endpoint,
            startNanos: written.startNanos,
          },
        })
      }),
      { numRuns: 50 },
    )
  })

  it('keeps the address that its endpoint is at, among more than it may have', () => {
    const aliases = Array.from({ length: 3000 }, (_, i) => `10.1.${i >> 8}.${i & 255}:4002`)
    const many = { ...row, aliases, endpoint: `http://${aliases[2999]}/_hoptrace/v1` }
    const read = readRow(writeRow(many, ours), ours)
    expect(read).toMatchObject({ row: { endpoint: many.endpoint } })
  })

  it('is not believed when one bit of it is another, in any place', () => {
    const text = Buffer.from(writeRow(row, ours))
    for (let bit = 0; bit < text.length * 8; bit++) {
      const damaged = Buffer.from(text)
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(readRow(damaged.toString('utf8'), ours)).toHaveProperty('why')
    }
    for (let length = 0; length < text.length; length++) {
      expect(readRow(text.toString('utf8', 0, length), ours)).toHaveProperty('why')
    }
  })

  it('says why it is not believed', () => {
    const text = writeRow(row, ours)
    const others = clusterKeys(newClusterKey(), true)
    const why = (from: string, by = ours): string | undefined => {
      const read = readRow(from, by)
      return 'why' in read ? read.why : undefined
    }
    expect(why(text, () => others)).toBe(`is registered under another key (${keys.fingerprint})`)
    expect(readRow(text, () => undefined)).toHaveProperty('why', expect.stringContaining('set HOPTRACE_KEY'))
    expect(why('')).toBe('is empty')
    expect(why(rowToJson(row))).toBe('is damaged')
    expect(why(text.replace('"v":1', '"v":2'))).toBe('is of a newer version (2)')
    expect(why(text.replace('payments', 'paymentz'))).toBe('is damaged or forged')
    expect(why('x'.repeat(2_000_000))).toContain('has more than')
    expect(() => writeRow(row, () => undefined)).toThrow('HOPTRACE_KEY')
  })
})

const byWorker = (a: InstanceRow, b: InstanceRow): number => a.worker - b.worker

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
    expect(await registry.list()).toEqual([])
    await registry.put(row)
    await registry.put({ ...row, worker: 3 })
    await registry.put({ ...row, heartbeatMillis: row.heartbeatMillis + 1, state: 'stopped' })
    const rows = [...(await registry.list())].sort(byWorker)
    expect(rows).toEqual([
      { ...row, heartbeatMillis: row.heartbeatMillis + 1, state: 'stopped' },
      { ...row, worker: 3 },
    ])
    await registry.close()
  })

  it('refuses a row that no reader would take', async () => {
    const registry = create(await freshDir())
    await expect(registry.put({ ...row, endpoint: 'http://evil.example/' })).rejects.toThrow(TypeError)
    expect(await registry.list()).toEqual([])
  })
})

describe('fileRegistry', () => {
  const text = writeRow(row, ours)
  const plain = async (dir: string): Promise<string> => {
    await fileRegistry(dir, ours).put({ ...row, worker: 0 })
    return path.join(dir, 'registry', rowFile(row))
  }

  it.each<[string, (file: string) => Promise<unknown>, string]>([
    ['is empty', (file) => writeFile(file, ''), 'is empty'],
    ['is cut', (file) => writeFile(file, text.slice(0, 300)), 'is damaged'],
    ['has a flipped bit', (file) => writeFile(file, text.replace('4242', '4243')), 'is damaged or forged'],
    ['has no signature', (file) => writeFile(file, rowToJson(row)), 'is damaged'],
    ['is newer', (file) => writeFile(file, '{"v":7,"rows":[]}'), 'is of a newer version (7)'],
    [
      'is another run\u2019s',
      (file) => writeFile(file, writeRow({ ...row, worker: 9 }, ours)),
      'is the row of another run',
    ],
    ['is a pipe', async (file) => execFileSync('mkfifo', [file]), 'is not a plain file'],
    ['is a directory', (file) => mkdir(file), 'is not a plain file'],
    ['is a link', (file) => symlink('/dev/zero', file), 'is not a plain file'],
    ['is huge', async (file) => execFileSync('truncate', ['-s', '10G', file]), 'cannot be read'],
  ])('tells of a row that %s, and gives the others', async (_, plant, why) => {
    const dir = await freshDir()
    await plant(await plain(dir))
    const rows: InstanceRows = await fileRegistry(dir, ours).list()
    expect(rows).toHaveLength(1)
    expect(rows.unread).toHaveLength(1)
    expect(rows.unread?.[0]).toContain(`registry/${rowFile(row)} ${why}`)
  })

  it('tells of a row whose file has a name that no row has', async () => {
    const dir = await freshDir()
    await rename(
      await plain(dir).then((file) => file.replace('-2-', '-0-')),
      path.join(dir, 'registry', 'x.json'),
    )
    expect(await fileRegistry(dir, ours).list()).toMatchObject({
      unread: [expect.stringContaining('another run')],
    })
  })

  it('tells of twenty rows in words, and counts the rest', async () => {
    const dir = await freshDir()
    await plain(dir)
    for (let i = 0; i < 50; i++) await writeFile(path.join(dir, 'registry', `${i}.json`), '')
    const { unread = [] } = await fileRegistry(dir, ours).list()
    expect(unread).toHaveLength(21)
    expect(unread.at(-1)).toBe('and 30 more')
  })

  it('is read and written by many at once, never half', async () => {
    const dir = await freshDir()
    const registries = Array.from({ length: 4 }, () => fileRegistry(dir, ours))
    await registries[0]?.put(row)
    await Promise.all(
      registries.map(async (registry, i) => {
        for (let n = 0; n < 30; n++) {
          await registry.put({ ...row, heartbeatMillis: n * 10 + i })
          const rows = await registry.list()
          expect(rows).toHaveLength(1)
          expect(rows.unread).toBeUndefined()
        }
      }),
    )
    expect((await readdir(path.join(dir, 'registry'))).sort()).toEqual([rowFile(row), 'HOPTRACE'])
  })

  it('is the same by registerNow, with modes that others have no part in', async () => {
    const dir = path.join(await freshDir(), 'data')
    registerNow(dir, keys, row)
    const file = path.join(dir, 'registry', rowFile(row))
    expect(await fileRegistry(dir, ours).list()).toEqual([row])
    expect([statSync(file).mode & 0o777, statSync(path.dirname(file)).mode & 0o777]).toEqual([0o640, 0o750])
  })

  it('leads to logs and stores in a directory that was moved, and is read without a right to write', async () => {
    const base = await freshDir()
    const before = path.join(base, 'before')
    const stores = [`level:${path.join(before, 'stores/payments')}`, 'level:/var/x', 'hbase://a:2181/t']
    await fileRegistry(before, ours).put({ ...row, logDir: path.join(before, row.logDir), stores })
    const text = await readFile(path.join(before, 'registry', rowFile(row)), 'utf8')
    expect(text).not.toContain(base)
    const after = path.join(base, 'after')
    await rename(before, after)
    chmodSync(path.join(after, 'registry'), 0o550)
    expect(await fileRegistry(after, ours).list()).toEqual([
      {
        ...row,
        stores: [`level:${path.join(after, 'stores/payments')}`, 'level:/var/x', 'hbase://a:2181/t'],
      },
    ])
    chmodSync(path.join(after, 'registry'), 0o750)
  })

  it('forgets, for a writer, runs of its service whose records have expired, and no others', async () => {
    const dir = await freshDir()
    const registry = fileRegistry(dir, ours)
    const old = { startNanos: 1n, heartbeatMillis: Date.now() - 120_000 }
    await registry.put({ ...row, ...old, worker: 0, state: 'stopped' })
    await registry.put({ ...row, ...old, worker: 1, state: 'dead', heartbeatMillis: Date.now() })
    await registry.put({ ...row, ...old, worker: 2, state: 'running' })
    await registry.put({ ...row, ...old, worker: 3, state: 'dead', service: 'orders' })
    await registry.put({ ...row, ...old, worker: 4, state: 'running', logDir: 'logs/payments/4-4-444444' })
    await mkdir(path.join(dir, 'logs/payments/4-4-444444'), { recursive: true })
    await registry.put({ ...row, ...old, worker: 5, state: 'dead', service: 'orders', keepsSeconds: 60 })
    await registry.put({ ...row, ...old, worker: 6, state: 'dead', service: 'orders', keepsSeconds: 3600 })
    expect(await registry.list()).toHaveLength(7)
    expect(await registry.removeEnded?.({ service: 'payments', beforeMillis: Date.now() - 60_000 })).toBe(3)
    expect((await registry.list()).map(({ worker }) => worker).toSorted()).toEqual([1, 3, 4, 6])
  })

  it('forgets, for a writer, rows under a key of before that were not written since', async () => {
    const dir = await freshDir()
    const before = clusterKeys(newClusterKey(), true)
    const old = { ...row, startNanos: 1n, heartbeatMillis: Date.now() - 120_000 }
    for (const worker of [1, 2]) await fileRegistry(dir, () => before).put({ ...old, worker })
    const file = path.join(dir, 'registry', rowFile({ ...old, worker: 1 }))
    const minutesAgo = new Date(Date.now() - 120_000)
    await utimes(file, minutesAgo, minutesAgo)
    const registry = fileRegistry(dir, ours)
    expect((await registry.list()).unread).toHaveLength(2)
    expect(await registry.removeEnded?.({ service: 'payments', beforeMillis: Date.now() - 60_000 })).toBe(1)
    expect((await registry.list()).unread).toHaveLength(1)
  })

  it('cleans up, for a writer, what a killed process left half written, and nothing else', async () => {
    const dir = await freshDir()
    await plain(dir)
    const files = path.join(dir, 'registry')
    const half = (n: number): string => `.${rowFile(row)}.${String(n).repeat(16)}.tmp`
    const left = [half(1), half(2), 'notes.tmp']
    for (const name of left) await writeFile(path.join(files, name), 'half')
    const minutesAgo = new Date(Date.now() - 120_000)
    for (const name of [half(1), 'notes.tmp']) await utimes(path.join(files, name), minutesAgo, minutesAgo)
    expect(await fileRegistry(dir, ours).list()).toHaveLength(1)
    expect((await readdir(files)).length).toBe(5)
    await fileRegistry(dir, ours).removeEnded?.({ service: 'payments', beforeMillis: 1 })
    expect((await readdir(files)).filter((name) => name.endsWith('.tmp')).sort()).toEqual([
      half(2),
      'notes.tmp',
    ])
  })

  it('fails when its directory cannot be read', async () => {
    const dir = await freshDir()
    await mkdir(path.join(dir, 'data'))
    await writeFile(path.join(dir, 'data', 'registry'), 'a file')
    await expect(fileRegistry(path.join(dir, 'data'), ours).list()).rejects.toThrow('not a directory')
  })
})

describe('storeRegistry', () => {
  it('tells of damaged rows and rows under the wrong key', async () => {
    const store = memoryStore()
    const registry = storeRegistry(store, '/data', ours)
    await registry.put(row)
    const [stored] = await store.scan({ from: Buffer.from([0xf2]), to: Buffer.from([0xf3]), limit: 1 })
    const value = Buffer.from(stored?.value ?? [])
    await store.put([{ key: instanceRowKey({ ...row, worker: 9 }), value }])
    value[20] = (value[20] as number) ^ 1
    await store.put([{ key: instanceRowKey({ ...row, worker: 8 }), value: Buffer.from(value) }])
    const rows = await registry.list()
    expect([...rows]).toEqual([row])
    expect(rows.unread?.map((text) => text.replace(/^.*\) /, ''))).toEqual([
      'is damaged',
      'is the row of another run',
    ])
  })
})

describe('composedRegistry', () => {
  const memory = (): Registry => storeRegistry(memoryStore(), '/data', ours)

  it('believes the later row, and a run that has ended', async () => {
    const [a, b] = [memory(), memory()]
    const both = composedRegistry([a, b])
    await a.put({ ...row, heartbeatMillis: 5 })
    await b.put({ ...row, heartbeatMillis: 7 })
    expect((await both.list()).map(({ heartbeatMillis }) => heartbeatMillis)).toEqual([7])
    await a.put({ ...row, heartbeatMillis: 7, state: 'dead' })
    expect((await both.list()).map(({ state }) => state)).toEqual(['dead'])
  })

  it('takes the stores of a run from the data directory that is here, whatever is later', async () => {
    const dir = await freshDir()
    const [files, shared] = [fileRegistry(dir, ours), memory()]
    const stores = ['level:stores/payments']
    await files.put({ ...row, stores, heartbeatMillis: 5 })
    await shared.put({ ...row, stores, heartbeatMillis: 7 })
    await shared.put({ ...row, stores, worker: 3 })
    const rows = [...(await composedRegistry([files, shared]).list())].sort(byWorker)
    expect(rows).toEqual([
      { ...row, stores: [`level:${path.join(dir, 'stores/payments')}`], heartbeatMillis: 7 },
      { ...row, stores, worker: 3 },
    ])
  })

  it('says what is missing when one of its registries fails, and still writes to the others', async () => {
    const good = memory()
    const store = memoryStore()
    await store.close()
    const both = composedRegistry([storeRegistry(store, '/data', ours), good])
    await expect(both.put(row)).rejects.toMatchObject({ code: 'HOPTRACE_STORE_CLOSED' })
    expect(await good.list()).toEqual([row])
    const rows = await both.list()
    expect([...rows]).toEqual([row])
    expect(rows.unread).toHaveLength(1)
  })
})

describe('storeRegistry', () => {
  const day = 86_400_000
  const old = { startNanos: 1n, heartbeatMillis: Date.now() - 2 * day }

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
    expect((await registry.list()).map(({ worker }) => worker).toSorted()).toEqual([2, 3, 4])
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
    const rows: InstanceRows = await registry.list()
    expect(rows).toHaveLength(20_500)
    expect(rows.unread).toBeUndefined()
    const removed: number[] = []
    for (let look = 0; look < 3; look++)
      removed.push((await registry.removeEnded?.({ service: 'payments', beforeMillis: Date.now() })) ?? 0)
    expect(removed).toEqual([8192, 8192, 4116])
    expect(await registry.list()).toEqual([])
  })
})
