import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readRun } from '../log/read-run.js'
import { logFilePath } from '../rundir/run-dir.js'
import { runLiveness } from '../log/run-liveness.js'
import { acquireRunDir, claimRunDir, logDirOf } from '../rundir/index.js'
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
import { levelStore } from '../store/level/level-store.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import { type AdoptOptions, shipDeadRuns } from './adopt.js'
import { TestProcess } from './process.fixture.js'
import { runRow } from '../rundir/run-row.js'
import { RunShipping } from './run-shipping.js'
import { Shipper } from './shipper.js'
import { recordsOf, segmentsOf, testLog, TestRegistry, TestStore } from './test-ship.fixture.js'

const slow = 300_000

const runDirOf = testRunDir

/** Makes a run look as if its process had died long ago. */
function age(runDir: string): void {
  const hour = new Date(Date.now() - 3_600_000)
  for (const name of readdirSync(runDir)) utimesSync(path.join(runDir, name), hour, hour)
  utimesSync(runDir, hour, hour)
}

function options(dataDir: string, store = new TestStore(), registry = new TestRegistry()) {
  return { dataDir, registry, openStore: () => store } satisfies AdoptOptions
}

describe('shipDeadRuns', () => {
  it('refuses a data directory that other users can write, and says what to do', async () => {
    using dir = tempDir()
    chmodSync(dir.path, 0o777)
    await expect(shipDeadRuns(options(dir.path))).rejects.toThrow(/nothing is shipped: .*chmod go-w/)
    expect(readdirSync(dir.path)).toEqual([])
  })

  it(
    'ships the log of a killed process, its open hops as interrupted, and deletes its directory',
    async () => {
      using dir = tempDir()
      await using run = new TestProcess(['live', dir.path, 'run', 100])
      expect(await run.next()).toBe('ready')
      const runDir = runDirOf(dir.path)
      // It has the key of the directory from the process.
      const registry = fileRegistry(dir.path)
      const store = new TestStore()
      expect(await runLiveness(runDir)).toBe('alive')
      expect((await shipDeadRuns({ ...options(dir.path, store), registry })).adopted).toEqual([])

      await run.kill('SIGSTOP')
      expect(await runLiveness(runDir)).toBe('alive')
      await run.kill('SIGKILL')
      expect(await runLiveness(runDir)).toBe('dead')
      const known = (await registry.list()).rows[0]
      if (known !== undefined) await registry.put({ ...known, bytes: [[1, 1000]], deletedBeforeNanos: 7n })
      const { adopted, left } = await shipDeadRuns({ ...options(dir.path, store), registry })
      expect(left).toEqual([])
      expect(adopted).toMatchObject([{ hops: 101, interrupted: 1, damage: 0, run: { service: 'orders' } }])
      const records = await recordsOf(store)
      expect(records.size).toBe(101)
      expect(records.get(testId(100))).toMatchObject({
        state: 'interrupted',
        next: [{ hopId: testCall(0).hopId, outcome: null }],
        events: [{ name: 'order.accepted', attributes: { items: 3 } }],
      })
      expect((await segmentsOf(store)).every(({ lane }) => lane === 'late')).toBe(true)
      expect((await registry.list()).rows).toMatchObject([
        { state: 'dead', shippedThroughNanos: baseNanos + 100n, stores: ['memory:away', store.url] },
      ])
      expect((await registry.list()).rows).toMatchObject([
        {
          bytes: [
            [1, 1000],
            [expect.any(Number), expect.any(Number)],
          ],
          deletedBeforeNanos: 7n,
        },
      ])
      expect(existsSync(runDir)).toBe(false)
    },
    slow,
  )

  it('skips a run that another process owns', async () => {
    using dir = tempDir()
    const runDir = runDirOf(dir.path)
    claimRunDir(runDir).release()
    const owned = await acquireRunDir(runDir, { silent: true })
    const shipper = new Shipper({
      ...options(dir.path),
      runDir,
      run: testRun(),
      store: new TestStore(),
      graceMillis: 0,
    })
    await expect(shipper.start()).rejects.toMatchObject({ code: 'HOPTRACE_STORE_LOCKED' })
    await shipper.close()
    expect(await runLiveness(runDir)).toBe('alive')
    expect((await shipDeadRuns(options(dir.path))).adopted).toEqual([])
    owned?.release()
  })

  it(
    'loses and doubles nothing if it is killed in the middle, twice',
    async () => {
      using dir = tempDir()
      const hops = 7000
      {
        await using run = new TestProcess(['live', dir.path, 'run', hops])
        await run.next()
      }
      for (const rows of [1, 3]) {
        await using adopter = new TestProcess(['adopt', dir.path, rows])
        expect(await adopter.next()).toBeUndefined()
      }
      await using adopter = new TestProcess(['adopt', dir.path])
      expect(await adopter.next()).toEqual({
        adopted: [{ run: path.basename(runDirOf(dir.path)), hops: hops + 1 }],
        left: [],
      })
      const store = levelStore({ dir: path.join(dir.path, 'store') })
      await store.open()
      const ids = (await segmentsOf(store)).flatMap(({ records }) => records.map(({ hopId }) => hopId))
      await store.close()
      expect(ids).toHaveLength(hops + 1)
      expect(new Set(ids).size).toBe(hops + 1)
    },
    slow,
  )

  it(
    'lets only one of several adopters ship each dead run',
    async () => {
      using dir = tempDir()
      const names = ['a', 'b', 'c', 'd', 'e', 'f']
      for (const [i, name] of names.entries()) {
        const log = testLog(runDirOf(dir.path, name), {
          run: () => testRun({ startNanos: baseNanos + BigInt(i) }),
        })
        for (let n = 0; n < 50; n++) log.close(testHop(i * 1000 + n), testClose())
        log.end()
        age(runDirOf(dir.path, name))
      }
      const stores = [new TestStore('memory:1'), new TestStore('memory:2'), new TestStore('memory:3')]
      await using other = new TestProcess(['adopt', dir.path])
      const reports = await Promise.all(stores.map((store) => shipDeadRuns(options(dir.path, store))))
      const theirs = (await other.next()) as { adopted: { run: string; hops: number }[]; left: unknown[] }
      const mine = reports.flatMap(({ adopted }) =>
        adopted.map(({ runDir, hops }) => ({ run: path.basename(runDir), hops })),
      )
      expect([...reports.flatMap(({ left }) => left), ...theirs.left]).toEqual([])
      const all = [...mine, ...theirs.adopted].sort((a, b) => (a.run < b.run ? -1 : 1))
      expect(all).toEqual(
        names
          .map((name) => ({ run: path.basename(runDirOf(dir.path, name)), hops: 50 }))
          .sort((a, b) => (a.run < b.run ? -1 : 1)),
      )
      expect(readdirSync(path.join(dir.path, 'logs', 'orders'))).toEqual([])
    },
    slow,
  )

  it('leaves a run with an unavailable store, and ships it later', async () => {
    using dir = tempDir()
    const runDir = runDirOf(dir.path)
    const log = testLog(runDir)
    log.close(testHop(1), testClose())
    log.open(testHop(2))
    log.crash('uncaughtException: boom')
    age(runDir)
    const store = new TestStore()
    store.allowed = 0
    const first = await shipDeadRuns(options(dir.path, store))
    expect(first).toMatchObject({ adopted: [], left: [{ runDir, reason: 'the store is away' }] })
    expect((await readRun(runDir)).hops).toHaveLength(2)
    store.allowed = Infinity
    const registry = new TestRegistry()
    await shipDeadRuns(options(dir.path, store, registry))
    expect((await recordsOf(store)).get(testId(2))).toMatchObject({
      state: 'interrupted',
      crash: 'uncaughtException: boom',
    })
    expect(registry.row()).toMatchObject({ state: 'dead' })
  })

  it('repeats a cut of the first lane that was not acknowledged under the same keys', async () => {
    using dir = tempDir()
    const runDir = runDirOf(dir.path)
    const log = testLog(runDir)
    for (let i = 0; i < 10; i++) log.close(testHop(i), testClose())
    const store = new TestStore()
    const engine = new RunShipping({ runDir, store })
    engine.load()
    engine.poll()
    engine.cut({ below: null, firstBelow: Infinity })
    store.allowed = 0
    await expect(engine.send()).rejects.toThrow('away')
    engine.close()
    store.allowed = Infinity
    for (let i = 10; i < 20; i++) log.close(testHop(i), testClose())
    age(runDir)
    await shipDeadRuns(options(dir.path, store))
    const segments = await segmentsOf(store)
    expect(segments.map(({ lane, records }) => [lane, records.length])).toEqual([
      ['first', 10],
      ['late', 10],
    ])
  })

  it('ships what is intact of a damaged log, counts the rest, and marks the range', async () => {
    using dir = tempDir()
    const runDir = runDirOf(dir.path)
    const log = testLog(runDir)
    const sizes: number[] = []
    for (let i = 0; i < 10; i++) {
      log.close(testHop(i), testClose())
      sizes.push(log.stats().bytes)
    }
    log.mark(baseNanos + 20n)
    const { readFileSync } = await import('node:fs')
    const bytes = readFileSync(logFilePath(runDir, 1))
    bytes.fill(0, (sizes[4] as number) + 3, (sizes[5] as number) + 9)
    writeFileSync(logFilePath(runDir, 1), bytes)
    age(runDir)
    const store = new TestStore()
    const registry = new TestRegistry()
    const { adopted } = await shipDeadRuns(options(dir.path, store, registry))
    expect(adopted).toMatchObject([{ hops: 8, damage: 1 }])
    const dropped = registry.row()?.dropped ?? []
    expect(dropped).toHaveLength(1)
    expect(dropped[0]?.fromNanos).toBeLessThan(baseNanos + 5n)
    expect(dropped[0]?.toNanos).toBeGreaterThan(baseNanos + 6n)
  })

  it('leaves a log without a header, and young directories without an owner', async () => {
    using dir = tempDir()
    const unreadable = runDirOf(dir.path, 'unreadable')
    mkdirSync(unreadable, { recursive: true })
    writeFileSync(logFilePath(unreadable, 1), 'nothing that makes sense')
    age(unreadable)
    const young = runDirOf(dir.path, 'young')
    testLog(young).close(testHop(1), testClose())
    const empty = runDirOf(dir.path, 'empty')
    claimRunDir(empty).release()
    age(empty)
    const { adopted, left } = await shipDeadRuns(options(dir.path))
    expect(adopted).toEqual([])
    expect(left).toEqual([{ runDir: unreadable, reason: 'its log has no header that names the run' }])
    expect(existsSync(logFilePath(young, 1))).toBe(true)
    expect(await runLiveness(young)).toBe('unsure')
    expect(existsSync(empty)).toBe(false)
  })

  it('opens nothing that an unsigned log names, and touches nothing that is no run', async () => {
    using dir = tempDir()
    const elsewhere = path.join(dir.path, 'elsewhere')
    const runDir = runDirOf(dir.path)
    testLog(runDir, { run: () => testRun({ storeUrl: `level:${elsewhere}` }) }).close(testHop(1), testClose())
    age(runDir)
    const foreign = path.join(dir.path, 'logs', 'nginx', '2026-11', 'access.log')
    mkdirSync(path.dirname(foreign), { recursive: true })
    writeFileSync(foreign, 'GET /')
    age(path.dirname(foreign))
    const { adopted, left } = await shipDeadRuns({ dataDir: dir.path, registry: new TestRegistry() })
    expect(adopted).toEqual([])
    expect(left).toMatchObject([{ runDir }])
    expect(left[0]?.reason).toContain('is not signed')
    expect(existsSync(elsewhere)).toBe(false)
    expect(existsSync(foreign)).toBe(true)
    expect((await readRun(runDir)).hops).toHaveLength(1)
  })

  it('registers the end of a run that was killed before its first entry', async () => {
    using dir = tempDir()
    const empty = runDirOf(dir.path, 'empty')
    claimRunDir(empty).release()
    age(empty)
    const registry = new TestRegistry()
    const progress = {
      stores: [],
      heartbeatMillis: 5,
      shippedThroughNanos: 0n,
      dropped: [],
      loggedThrough: [0, 0] as const,
    }
    await registry.put(runRow(testRun(), { ...progress, runDir: empty, state: 'running' }))
    await shipDeadRuns(options(dir.path, new TestStore(), registry))
    expect(registry.row()).toMatchObject({ state: 'dead', heartbeatMillis: 5, logDir: logDirOf(empty) })
    expect(existsSync(empty)).toBe(false)
  })
})
