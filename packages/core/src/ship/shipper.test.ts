import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readRun } from '../log/read-run.js'
import { listLogFiles, logFilePath } from '../rundir/run-dir.js'
import { probeRun } from '../rundir/index.js'
import {
  baseNanos,
  tempDir,
  testCall,
  testClose,
  testHop,
  testId,
  testRun,
  testRunDir,
} from '../log/test-run.fixture.js'
import { decodeSegment } from '../segment/decode.js'
import type { Row } from '../store/contract.js'
import { readSegmentKey } from '../store/keys.js'
import { StoreReader } from '../store/reader.js'
import type { EndedRuns } from '../record/instance-row.js'
import { SharedState } from './shared-state.js'
import { Shipper } from './shipper.js'
import type { ShipperOptions } from './shipper-options.js'
import {
  recordsOf,
  segmentsOf,
  testLog,
  TestOwnership,
  TestRegistry,
  TestStore,
} from './test-ship.fixture.js'

const second = 1_000_000_000n
const firstWindow = Number(baseNanos / second)

const hopsIn = ({ key, value }: Row): number =>
  readSegmentKey(key) === undefined ? 0 : decodeSegment(value).records.length

/** The numbers of hops in the puts from now on. */
function hopsOfPuts(store: TestStore): readonly number[] {
  const puts: number[] = []
  const put = store.put.bind(store)
  store.put = async (rows) => {
    puts.push(rows.reduce((sum, row) => sum + hopsIn(row), 0))
    await put(rows)
  }
  return puts
}

describe('Shipper', () => {
  const ends: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  function setUp(options: Partial<ShipperOptions> = {}) {
    const dir = tempDir()
    const runDir = testRunDir(dir.path)
    const ownership = new TestOwnership()
    const store = new TestStore()
    const registry = new TestRegistry()
    const said: string[] = []
    const log = testLog(runDir, { ownership })
    log.mark(baseNanos)
    const shipper = new Shipper({
      runDir,
      run: testRun(),
      store,
      registry,
      graceMillis: 500,
      pollMillis: 10,
      heartbeatMillis: 20,
      diagnostics: (code) => said.push(code),
      ...options,
    })
    ends.push(async () => {
      await shipper.close().catch(() => undefined)
      ownership.release()
      dir[Symbol.dispose]()
    })
    return { runDir, ownership, store, registry, log, shipper, said }
  }

  it('cuts a window once the log has a mark after its end and grace, and registers the watermark', async () => {
    const { store, registry, log, shipper } = setUp()
    await shipper.start()
    expect(registry.row()).toMatchObject({ service: 'orders', state: 'running', stores: ['memory:test'] })
    const inFirst = testHop(2n * second + 1n)
    const inNext = testHop(3n * second + 1n)
    log.close(inFirst, testClose())
    log.close(inNext, testClose())
    log.mark(baseNanos + 3n * second + 499_000_000n)
    await expect.poll(() => [...shipper.unshipped()].length).toBe(2)
    expect(await segmentsOf(store)).toEqual([])
    log.mark(baseNanos + 3n * second + 500_000_000n)
    await expect.poll(() => segmentsOf(store)).toHaveLength(1)
    expect(await segmentsOf(store)).toMatchObject([
      { window: firstWindow + 2, lane: 'first', records: [{ hopId: inFirst.id }] },
    ])
    await expect.poll(() => registry.row()?.shippedThroughNanos).toBe(inNext.startNanos - 1n)
    expect(shipper.stats()).toMatchObject({ shipped: 1, errors: 0, dropped: 0 })
  })

  it('writes no first lane again if its run continues in another directory', async () => {
    const { store, log, shipper } = setUp({ again: true })
    await shipper.start()
    for (const n of [0n, 2n]) log.close(testHop(n * second + 5n), testClose())
    log.mark(baseNanos + 9n * second)
    await shipper.flush()
    expect((await segmentsOf(store)).map(({ lane }) => lane)).toEqual(['late', 'late'])
  })

  it('registers the bytes that it ships, in addition to what the run has registered before', async () => {
    const before = { bytes: [[1, 1000]], deletedBeforeNanos: 7n } as const
    const { store, registry, log, shipper } = setUp({ again: true })
    const former = new Shipper({
      runDir: '/nowhere/logs/orders/1',
      run: testRun(),
      store,
      registry,
      graceMillis: 0,
    })
    await registry.put({ ...former.row(), ...before })
    await shipper.start()
    expect(registry.row()).toMatchObject(before)
    log.close(testHop(1), testClose())
    log.mark(baseNanos + 9n * second)
    await shipper.flush()
    const put = (await store.scan({ from: Buffer.of(0), to: Buffer.of(255), limit: 100 })).map(
      ({ key, value }) => key.length + value.length,
    )
    expect(put.length).toBeGreaterThan(0)
    const counted = registry.row()?.bytes?.map(([, bytes]) => bytes) ?? []
    const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
    expect(sum(counted)).toBe(1000 + sum(put))
  })

  it('reports a damaged log until it is closed', async () => {
    const { log, shipper, runDir } = setUp()
    log.close(testHop(1), testClose())
    await shipper.start()
    expect(shipper.damage()).toBeUndefined()
    log.close(testHop(2), testClose())
    const file = logFilePath(runDir, 1)
    const bytes = readFileSync(file)
    const last = bytes.lastIndexOf(Buffer.from([0xfe, 0xed]))
    bytes.writeUInt8(bytes.readUInt8(last + 12) ^ 1, last + 12)
    writeFileSync(file, bytes)
    log.close(testHop(3), testClose())
    expect(shipper.damage()).toBe('its log is damaged')
    await shipper.flush()
    expect(shipper.damage()).toBe('its log is damaged')
  })

  it('deletes soon after its start what is older than its store keeps, and has rows of such runs removed', async () => {
    const { store, registry, log, shipper } = setUp({ ttlSeconds: 3600 })
    const old = testHop(5)
    const young = testHop(BigInt(Date.now()) * 1_000_000n - baseNanos)
    for (const hop of [old, young]) {
      log.key(hop, 'orderId', '42')
      log.close(hop, testClose())
    }
    const asked: EndedRuns[] = []
    Object.assign(registry, { removeEnded: (ended: EndedRuns) => Promise.resolve(asked.push(ended)) })
    await shipper.start()
    await shipper.flush()
    await expect.poll(() => asked.length).toBeGreaterThan(0)
    expect(asked[0]?.service).toBe(testRun().service)
    expect(Date.now() - 3_600_000 - (asked[0]?.beforeMillis ?? 0)).toBeLessThan(60_000)
    await expect.poll(async () => [...(await recordsOf(store)).keys()]).toEqual([young.id])
    const reader = new StoreReader(store, testRun())
    const hits = await reader.findKey('orderId', '42', { limit: 10 })
    expect(hits.map(({ hopId }) => hopId)).toEqual([young.id])
    expect(registry.row()?.keepsSeconds).toBe(3600)
  })

  it('knows what its log dropped and cannot say yet, as while the disk is full', async () => {
    const lost = { fromNanos: baseNanos + 4n, toNanos: baseNanos + 6n, count: 2 }
    const shared = new SharedState()
    const counts = { appended: 0, bytes: 0, shed: 0, dropped: 2, errors: 1 }
    shared.requestThreadTurns({ ...counts, unsaid: lost }, 100)
    const other = new SharedState(shared.memory)
    const { registry, shipper } = setUp({ unsaid: () => other.counts().unsaid })
    await shipper.start()
    expect(await shipper.lookup(testId(5))).toMatchObject({ kind: 'absent', dropped: true })
    expect(registry.row()?.dropped).toEqual([lost])
    shared.requestThreadTurns(counts, 100)
    expect(other.counts().unsaid).toBeUndefined()
    expect(await shipper.lookup(testId(5))).toMatchObject({ kind: 'absent', dropped: false })
  })

  it('says of what its store has deleted that it cannot know, and not that it was not there', async () => {
    const { shipper } = setUp({ ttlSeconds: 3600 })
    await shipper.start()
    expect(await shipper.lookup(testId(5))).toMatchObject({ kind: 'absent', dropped: true })
    const { shipper: keeper } = setUp()
    await keeper.start()
    expect(await keeper.lookup(testId(5))).toMatchObject({ kind: 'absent', dropped: false })
  })

  it('has everything in the store when a flush resolves, and rejects if the store refuses', async () => {
    const { store, registry, log, shipper, said } = setUp()
    await shipper.start()
    const open = testHop(5)
    log.call(open, testCall(0))
    log.key(open, 'orderId', '42')
    await shipper.flush()
    expect((await recordsOf(store)).get(open.id)).toMatchObject({ state: 'open', keys: { orderId: '42' } })
    log.close(open, testClose())
    log.mark(baseNanos + 10n)
    store.allowed = 0
    await expect(shipper.flush()).rejects.toThrow('away')
    expect(registry.row()?.shippedThroughNanos).toBeLessThan(baseNanos + 10n)
    store.allowed = Infinity
    await shipper.flush()
    expect((await recordsOf(store)).get(open.id)).toMatchObject({ state: 'closed' })
    expect(registry.row()?.shippedThroughNanos).toBe(baseNanos + 10n)
    expect(said.filter((code) => code === 'HOPTRACE_STORE')).toHaveLength(2)
  })

  it('makes a key findable while its request runs', async () => {
    const { store, log, shipper } = setUp()
    await shipper.start()
    const hop = testHop(5)
    log.key(hop, 'orderId', '42')
    const reader = new StoreReader(store, testRun())
    await expect.poll(() => reader.findKey('orderId', '42', { limit: 5 })).toMatchObject([{ hopId: hop.id }])
    expect(await segmentsOf(store)).toEqual([])
  })

  it('finds an id in the log before it is shipped, in the store afterwards, and says up to when it knows all', async () => {
    const { log, shipper } = setUp()
    await shipper.start()
    const assignedId = testId(3)
    const hop = testHop(5, { assignedId })
    log.close(hop, testClose())
    for (const id of [hop.id, assignedId]) {
      expect(await shipper.lookup(id)).toMatchObject({
        kind: 'found',
        source: 'log',
        record: { hopId: hop.id },
      })
    }
    log.mark(baseNanos + 100n)
    await shipper.flush()
    for (const id of [hop.id, assignedId]) {
      expect(await shipper.lookup(id)).toMatchObject({
        kind: 'found',
        source: 'store',
        record: { hopId: hop.id },
      })
    }
    expect(await shipper.lookup(testId(6))).toEqual({
      kind: 'absent',
      throughNanos: baseNanos + 100n,
      final: false,
      dropped: false,
      source: 'store',
    })
  })

  it('folds work after a response with the version in the store', async () => {
    const { log, shipper } = setUp()
    await shipper.start()
    const hop = testHop(5)
    log.close(hop, testClose({ status: 202 }))
    log.mark(baseNanos + 5n * second)
    await shipper.flush()
    hop.logNumber = 0
    log.call(hop, testCall(0))
    log.mark(baseNanos + 9n * second)
    await expect
      .poll(() => shipper.lookup(hop.id))
      .toMatchObject({ kind: 'found', record: { state: 'closed', status: 202 } })
  })

  it('keeps a bounded table by cutting early, and deletes the files that are shipped', async () => {
    const { runDir, store, shipper } = setUp({ maxHops: 50 })
    const log = testLog(runDir, { maxFileBytes: 2000 })
    await shipper.start()
    for (let i = 1; i <= 500; i++) log.close(testHop(i), testClose())
    await expect.poll(async () => (await recordsOf(store)).size).toBeGreaterThanOrEqual(450)
    await expect.poll(() => listLogFiles(runDir).length).toBeLessThan(6)
  })

  it('ships a window in parts before its end if it has many hops, none of them twice', async () => {
    const { store, log, shipper } = setUp({ graceMillis: 0 })
    await shipper.start()
    for (let i = 1; i <= 20_000; i++) log.close(testHop(i), testClose())
    log.mark(baseNanos + 500_000_000n)
    await expect.poll(async () => (await recordsOf(store)).size).toBe(20_000)
    const segments = await segmentsOf(store)
    expect(new Set(segments.map(({ lane }) => lane))).toEqual(new Set(['first']))
    expect(segments.flatMap(({ records }) => records)).toHaveLength(20_000)
    await expect.poll(() => shipper.row().shippedThroughNanos).toBe(baseNanos + 500_000_000n)
  })

  it('ships what a second has in several parts if that are many hops', async () => {
    const { store, log, shipper } = setUp({ graceMillis: 0 })
    await shipper.start()
    const puts = hopsOfPuts(store)
    const shipped = (): number => puts.reduce((sum, hops) => sum + hops, 0)
    for (let i = 1; i <= 20_000; i++) log.close(testHop(10_000n * BigInt(i)), testClose())
    log.mark(baseNanos + 200_000_000n)
    await expect.poll(shipped).toBeGreaterThan(10_000)
    for (let i = 20_001; i <= 90_000; i++) log.close(testHop(10_000n * BigInt(i)), testClose())
    log.mark(baseNanos + 900_000_000n)
    await expect.poll(shipped).toBeGreaterThan(70_000)
    log.mark(baseNanos + 2n * second)
    await expect.poll(shipped).toBe(90_000)
    expect(Math.max(...puts)).toBeLessThan(40_000)
    const segments = await segmentsOf(store)
    expect(new Set(segments.map(({ lane }) => lane))).toEqual(new Set(['first']))
    expect(segments.flatMap(({ records }) => records)).toHaveLength(90_000)
  })

  it('ships a backlog part by part', async () => {
    const { store, log, shipper } = setUp()
    const puts = hopsOfPuts(store)
    for (let i = 1; i <= 150_000; i++) {
      log.close(testHop(40_000n * BigInt(i)), testClose())
      if (i % 25_000 === 0) log.mark(baseNanos + 40_000n * BigInt(i))
    }
    log.mark(baseNanos + 8n * second)
    await shipper.start()
    await expect.poll(() => puts.reduce((sum, hops) => sum + hops, 0)).toBe(150_000)
    expect(Math.max(...puts)).toBeLessThan(60_000)
    const segments = await segmentsOf(store)
    expect(new Set(segments.map(({ lane }) => lane))).toEqual(new Set(['first']))
    expect(segments.flatMap(({ records }) => records)).toHaveLength(150_000)
  })

  it('stops reading while the store is unavailable and the table is full, and loses nothing', async () => {
    const { store, log, shipper } = setUp({ maxHops: 20 })
    await shipper.start()
    store.allowed = 0
    for (let i = 1; i <= 5000; i++) log.close(testHop(i), testClose())
    log.mark(baseNanos + 10_000n)
    await expect.poll(() => shipper.stats().errors).toBeGreaterThan(0)
    expect(shipper.row().shippedThroughNanos).toBeLessThan(baseNanos + 2n)
    store.allowed = Infinity
    await shipper.flush()
    expect((await recordsOf(store)).size).toBe(5000)
    expect(shipper.row().shippedThroughNanos).toBe(baseNanos + 10_000n)
  })

  it('continues if its directory is removed, and owns the new one', async () => {
    const { runDir, store, log, shipper } = setUp()
    await shipper.start()
    log.close(testHop(1), testClose())
    await expect.poll(() => [...shipper.unshipped()].length).toBe(1)
    rmSync(runDir, { recursive: true })
    await expect
      .poll(() => {
        log.mark(baseNanos + 5n)
        return listLogFiles(runDir).length
      })
      .toBe(2)
    expect(await probeRun(runDir)).toBe('alive')
    log.close(testHop(2), testClose())
    await shipper.flush()
    expect((await recordsOf(store)).size).toBe(2)
  })

  it('ships without a journal while the disk refuses one, but never into the first lane', async () => {
    const { runDir, store, shipper } = setUp({ heartbeatMillis: 1e6 })
    const log = testLog(runDir, { maxFileBytes: 500 })
    await shipper.start()
    mkdirSync(path.join(runDir, 'ship.journal'))
    for (let i = 1; i <= 20; i++) log.close(testHop(2n * second + BigInt(i)), testClose())
    log.mark(baseNanos + 4n * second)
    await shipper.flush()
    expect((await segmentsOf(store)).map(({ lane }) => lane)).toEqual(['late'])
    expect(listLogFiles(runDir).length).toBeGreaterThan(2)
    rmSync(path.join(runDir, 'ship.journal'), { recursive: true })
    log.close(testHop(5n * second), testClose())
    await shipper.flush()
    expect(listLogFiles(runDir)).toHaveLength(1)
    log.close(testHop(6n * second), testClose())
    await shipper.flush()
    expect((await segmentsOf(store)).map(({ lane }) => lane)).toEqual(['late', 'late', 'first'])
  })

  it('waits for a disk that refuses its directory', async () => {
    using dir = tempDir()
    const blocked = path.join(dir.path, 'blocked')
    writeFileSync(blocked, '')
    const runDir = path.join(blocked, 'run')
    const { shipper, store, said, ownership } = setUp({ runDir })
    await shipper.start()
    expect(said).toEqual(['HOPTRACE_DISK'])
    rmSync(blocked)
    ownership.release()
    const log = testLog(runDir, { ownership })
    log.close(testHop(1), testClose())
    await expect.poll(() => [...shipper.unshipped()].length).toBe(1)
    await shipper.flush()
    expect((await recordsOf(store)).size).toBe(1)
    await shipper.close()
  })

  it('leaves no files if its run ended properly', async () => {
    const { runDir, store, registry, log, shipper } = setUp()
    await shipper.start()
    log.close(testHop(1), testClose())
    log.open(testHop(2))
    log.mark(baseNanos + 3n)
    log.end()
    await shipper.close()
    expect(existsSync(runDir)).toBe(false)
    expect(registry.row()).toMatchObject({ state: 'stopped', shippedThroughNanos: baseNanos + 3n })
    const records = await recordsOf(store)
    expect([...records.values()].map(({ state }) => state)).toEqual(['closed', 'interrupted'])
  })

  it('leaves its log to an adopter if it cannot ship the rest', async () => {
    const { runDir, store, log, shipper, ownership } = setUp()
    await shipper.start()
    log.close(testHop(1), testClose())
    log.end()
    store.allowed = 0
    await expect(shipper.close()).rejects.toThrow('away')
    expect((await readRun(runDir)).hops).toHaveLength(1)
    ownership.release()
    expect(await probeRun(runDir)).toBe('dead')
  })
})
