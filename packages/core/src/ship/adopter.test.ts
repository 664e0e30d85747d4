import { existsSync, readdirSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempDir, testClose, testHop, testRunDir } from '../log/test-run.fixture.js'
import type { Row } from '../store/contract.js'
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

/** A dead run, somebody who looks for it all the time, and a clock that stands still until it is told otherwise. */
function setUp(store: RefusingStore) {
  const dir = tempDir()
  const runDir = testRunDir(dir.path)
  const log = testLog(runDir)
  for (let i = 1; i <= 10; i++) log.close(testHop(i), testClose())
  const hour = new Date(Date.now() - 3_600_000)
  for (const name of readdirSync(runDir)) utimesSync(path.join(runDir, name), hour, hour)
  utimesSync(runDir, hour, hour)
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
    await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(enough)
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

describe('Adopter', { timeout: 30_000 }, () => {
  it('tries a run that it cannot ship after longer and longer pauses, says so once, and goes on when it can', async () => {
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

  it('does not say a reason again and again because it is worded differently', async () => {
    const store = new RefusingStore()
    store.reasons = Array.from({ length: 20 }, (_, i) => `connection ${i} was reset`)
    await using run = setUp(store)
    for (let hours = 0; hours < 20; hours++) await run.at(hours * 3_600_000)
    expect(store.tries).toBeGreaterThan(15)
    expect(run.said).toHaveLength(3)
  })
})
