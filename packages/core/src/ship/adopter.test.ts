import { existsSync, readdirSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  baseNanos,
  tempDir,
  testClose,
  testHop,
  testId,
  testRun,
  testRunDir,
} from '../log/test-run.fixture.js'
import { createResolver } from '../resolve/create-resolver.js'
import { deadInstances } from '../resolve/dead-instances.js'
import { claimRunDir } from '../rundir/index.js'
import type { Row } from '../store/contract.js'
import { readSegmentKey } from '../store/keys.js'
import { shipDeadRuns } from './adopt.js'
import { Adopter } from './adopter.js'
import { recordsOf, testLog, TestRegistry, TestStore } from './test-ship.fixture.js'

/** Refuses puts, each with the next of its reasons, until `back`. */
class RefusingStore extends TestStore {
  tries = 0
  back = false
  reasons = ['the store is away']

  override put(rows: readonly Row[]): Promise<void> {
    if (this.back) return super.put(rows)
    const reason = this.reasons[this.tries++ % this.reasons.length] ?? ''
    return Promise.reject(new Error(reason))
  }
}

/** Makes a run look as if its process had died long ago. */
function age(runDir: string): void {
  const hour = new Date(Date.now() - 3_600_000)
  for (const name of readdirSync(runDir)) utimesSync(path.join(runDir, name), hour, hour)
  utimesSync(runDir, hour, hour)
}

/** A dead run, an adopter that looks for it all the time, and a clock that only the test moves. */
function setUp(store: RefusingStore) {
  const dir = tempDir()
  const runDir = testRunDir(dir.path)
  const log = testLog(runDir)
  for (let i = 1; i <= 10; i++) log.close(testHop(i), testClose())
  age(runDir)
  const said: string[] = []
  let clock = 0
  let asked = 0
  const adopter = new Adopter({
    dataDir: dir.path,
    service: 'orders',
    registry: new TestRegistry(),
    store,
    storeUrl: store.url,
    diagnostics: (code, message) => said.push(`${code}: ${message}`),
    lookMillis: 1,
    nowMillis: () => (asked++, clock),
  })
  const looked = async (): Promise<void> => {
    const enough = asked + 12
    await expect.poll(() => asked).toBeGreaterThan(enough)
  }
  return {
    runDir,
    said,
    at: async (millis: number): Promise<void> => {
      clock = millis
      await looked()
    },
    async [Symbol.asyncDispose]() {
      await adopter.close()
      dir[Symbol.dispose]()
    },
  }
}

describe('Adopter', () => {
  it('retries a run after longer and longer pauses, warns once, and ships it when it can', async () => {
    const store = new RefusingStore()
    await using run = setUp(store)
    let now = 0
    let tries = 1
    for (const pause of [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
      await run.at(now)
      expect(store.tries).toBe(tries)
      await run.at(now + pause - 1)
      expect(store.tries).toBe(tries++)
      now += pause
    }
    expect(run.said).toEqual([
      `HOPTRACE_ADOPT: a dead run is not shipped yet, it stays in ${run.runDir}: the store is away`,
    ])
    store.back = true
    await run.at(now)
    expect(existsSync(run.runDir)).toBe(false)
    expect((await recordsOf(store)).size).toBe(10)
    expect(run.said[1]).toContain('HOPTRACE_ADOPTED: orders')
    expect(run.said).toHaveLength(2)
  })

  it('does not warn again and again about a reason with changing words', async () => {
    const store = new RefusingStore()
    store.reasons = Array.from({ length: 20 }, (_, i) => `connection ${i} was reset`)
    await using run = setUp(store)
    for (let hours = 0; hours < 20; hours++) await run.at(hours * 3_600_000)
    expect(store.tries).toBeGreaterThan(15)
    expect(run.said).toHaveLength(3)
  })

  it('17.10: leaves a run that cannot be shipped to all adopters together, rarely; it is counted and shown, read by questions, and keeps no other', async () => {
    using dir = tempDir()
    const [odd, good] = ['odd', 'good'].map((name) => testRunDir(dir.path, name)) as [string, string]
    for (const [index, runDir] of [odd, good].entries()) {
      const log = testLog(runDir, { run: () => testRun({ startNanos: baseNanos + BigInt(index) }) })
      for (let i = 1; i <= 3; i++) log.close(testHop(index * 100 + i), testClose())
      claimRunDir(runDir).release()
      age(runDir)
    }
    let tries = 0
    const store = new TestStore()
    const put = store.put.bind(store)
    store.put = (rows) => {
      if (rows.every(({ key }) => readSegmentKey(key)?.run.readBigUInt64BE(7) !== baseNanos)) return put(rows)
      tries++
      return Promise.reject(new RangeError('a segment holds at most 3 records'))
    }
    let clock = Date.now()
    let asked = 0
    const registry = new TestRegistry()
    const adopters = [1, 2].map(
      () =>
        new Adopter({
          dataDir: dir.path,
          service: 'orders',
          registry,
          store,
          storeUrl: store.url,
          diagnostics: () => undefined,
          lookMillis: 1,
          nowMillis: () => (asked++, clock),
        }),
    )
    for (let step = 0; step < 40; step++) {
      clock += 3_600_000
      const enough = asked + 30
      await expect.poll(() => asked).toBeGreaterThan(enough)
    }
    for (const adopter of adopters) expect(adopter.unshippedRuns).toBe(1)
    await Promise.all(adopters.map((adopter) => adopter.close()))
    // Every hour at first, every six hours in the end; each adopter would have tried 40 times.
    expect(tries).toBeGreaterThan(10)
    expect(tries).toBeLessThan(20)
    expect(existsSync(good)).toBe(false)
    expect((await recordsOf(store)).size).toBe(3)
    const resolver = createResolver({ dir: dir.path, live: false })
    expect(await resolver.resolve(testId(1))).toMatchObject({
      verdict: 'completed',
      hops: [{ source: 'log' }],
    })
    const rows = await resolver.instances()
    await resolver.close()
    const dead = await deadInstances(rows, dir.path)
    expect([...dead.values()]).toMatchObject([
      { failed: { tries, reason: 'a segment holds at most 3 records' } },
    ])
    // `hoptrace ship` does not wait, and leaves nothing.
    store.put = put
    expect((await shipDeadRuns({ dataDir: dir.path, registry, openStore: () => store })).left).toEqual([])
    expect(existsSync(odd)).toBe(false)
    expect((await recordsOf(store)).size).toBe(6)
  })
})
