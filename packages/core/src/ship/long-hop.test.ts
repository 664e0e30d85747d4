import { statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { listLogFiles } from '../rundir/run-dir.js'
import { baseNanos, tempDir, testCall, testClose, testHop, testRun } from '../log/test-run.fixture.js'
import { StoreReader } from '../store/reader.js'
import { RunShipping } from './run-shipping.js'
import { segmentsOf, testLog, TestStore } from './test-ship.fixture.js'

const second = 1_000_000_000n
const firstWindow = Number(baseNanos / second)
const windows = 300

describe('a hop that stays open for hundreds of windows', () => {
  it('can be found at any time, costs a version for each window in which it changes, and keeps no file', async () => {
    using dir = tempDir()
    const store = new TestStore()
    const reader = new StoreReader(store, testRun())
    const log = testLog(dir.path, { maxFileBytes: 4000 })
    const quiet = testHop(1)
    const telling = testHop(2)
    log.call(quiet, testCall(0))
    log.call(telling, testCall(1))
    const start = (): RunShipping => {
      const engine = new RunShipping({ runDir: dir.path, store })
      engine.load()
      return engine
    }
    let engine = start()
    let told = 0
    let files = 0
    let journalBytes = 0
    const window = async (n: number): Promise<void> => {
      log.close(testHop(BigInt(n) * second + 3n), testClose())
      log.mark(baseNanos + BigInt(n + 1) * second)
      while (engine.poll() > 0);
      const below = firstWindow + n + 1
      engine.cut({ below, firstBelow: below })
      await engine.send()
      expect(engine.compact()).toBe(true)
      files = Math.max(files, listLogFiles(dir.path).length)
      journalBytes = Math.max(journalBytes, statSync(path.join(dir.path, 'ship.journal')).size)
    }
    for (let n = 0; n < windows; n++) {
      if (n % 100 === 50) log.event(telling, `step.${++told}`, n, {})
      if (n === 150) {
        // As after a crash of the shipper: only journal and log remain.
        engine.close()
        engine = start()
      }
      await window(n)
      if (n % 50 !== 0) continue
      const events = Array.from({ length: told }, (_, i) => ({ name: `step.${i + 1}` }))
      expect(await reader.lookup(testRun(), quiet.id)).toMatchObject({
        state: 'open',
        next: [{ outcome: null }],
      })
      expect(await reader.lookup(testRun(), telling.id)).toMatchObject({ state: 'open', events })
      expect(engine.watermark()).toBe(baseNanos + BigInt(n + 1) * second)
      expect(engine.table.size).toBe(2)
    }
    const end = { index: 0, outcome: '200', durationMicros: 5, servedBy: null, otherKey: null }
    log.callEnd(quiet, end)
    log.close(quiet, testClose())
    log.callEnd(telling, { ...end, index: 1 })
    log.close(telling, testClose())
    await window(windows)
    expect(engine.table.size).toBe(0)
    expect(await reader.lookup(testRun(), quiet.id)).toMatchObject({ state: 'closed' })
    expect(await reader.lookup(testRun(), telling.id)).toMatchObject({ state: 'closed' })

    const segments = await segmentsOf(store)
    const versions = (id: string): number =>
      segments.filter(({ records }) => records.some(({ hopId }) => hopId === id)).length
    expect(versions(quiet.id)).toBe(2)
    expect(versions(telling.id)).toBe(told + 2)
    // One segment per window, and the versions outside a first lane.
    expect(segments).toHaveLength(windows + 1 + told + 1)
    expect(files).toBeLessThanOrEqual(2)
    expect(journalBytes).toBeLessThan(20_000)
    engine.close()
    log.end()
  })
})
