import { appendFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { limits } from '../record/limits.js'
import { FileHopLog } from './file-hop-log.js'
import { readRun } from './read-run.js'
import { listLogFiles, logFilePath } from '../rundir/run-dir.js'
import { baseNanos, tempDir, testCall, testClose, testHop, testId, testRun } from './test-run.fixture.js'

/** A log that knows no limits: its owner writes what no service does. */
function openLog(runDir: string): FileHopLog {
  return new FileHopLog({ runDir, run: testRun, maxLogBytes: 1 << 30 })
}

describe('17.6: a log that is made to keep its reader busy', () => {
  it('is damaged where one hop has more keys, attributes, events and calls than a hop may have', async () => {
    using dir = tempDir()
    const log = openLog(dir.path)
    const hop = testHop(1)
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`attribute-${index}`, index]))
    for (let index = 0; index < 40_000; index++) {
      log.key(hop, `key-${index}`, 'v')
      log.call(hop, testCall(index))
      if (index % 40 === 0) log.attributes(hop, many)
      if (index % 4 === 0) log.event(hop, 'event', index, {})
    }
    for (let index = 40_000 - 1; index >= 0; index--)
      log.callEnd(hop, { index, outcome: '200', durationMicros: 1, servedBy: null, otherKey: null })
    log.close(hop, testClose())
    log.close(testHop(2), testClose())
    log.end()
    const { hops, damage } = await readRun(dir.path)
    expect(damage).toBeGreaterThan(0)
    const [big, plain] = hops
    expect(big?.lost).toBeGreaterThan(0)
    expect(Object.keys(big?.keys ?? {}).length).toBeLessThanOrEqual(limits.keys)
    expect(Object.keys(big?.attributes ?? {}).length).toBeLessThanOrEqual(limits.attributes + 1)
    expect(big?.events.length).toBeLessThanOrEqual(limits.events)
    expect(big?.next.length).toBeLessThanOrEqual(limits.calls)
    expect(plain).toMatchObject({ hopId: testId(2), state: 'closed', lost: 0 })
  })

  it('is read at once where calls end in any order, under another number than they began', async () => {
    using dir = tempDir()
    const log = openLog(dir.path)
    const hop = testHop(1)
    for (let index = 0; index < limits.calls; index++) log.call(hop, testCall(index))
    const again = { ...testHop(1), logNumber: 0 }
    log.open(again)
    for (let index = limits.calls - 1; index >= 0; index--)
      log.callEnd(again, { index, outcome: '200', durationMicros: 1, servedBy: null, otherKey: null })
    log.close(again, testClose())
    log.mark(baseNanos + 2n)
    log.end()
    const { hops, damage } = await readRun(dir.path)
    expect(damage).toBe(0)
    expect(hops[0]?.next).toHaveLength(limits.calls)
    expect(hops[0]?.next.every(({ outcome }) => outcome === '200')).toBe(true)
  })

  it('is left where frames seem to begin everywhere, and what is before and in other files is read', async () => {
    using dir = tempDir()
    const log = new FileHopLog({ runDir: dir.path, run: testRun, maxFileBytes: 3000 })
    for (let index = 0; index < 100; index++) log.close(testHop(index), testClose())
    log.end()
    const files = listLogFiles(dir.path)
    const before = await readRun(dir.path)
    expect(before).toMatchObject({ damage: 0, hops: { length: 100 } })
    for (const length of [0xffff, 1, 0]) {
      const start = Buffer.from([0xfe, 0xed, length & 0xff, length >> 8, 1, 2, 3, 4])
      appendFileSync(logFilePath(dir.path, files[0] as number), Buffer.alloc(4 << 20, start))
      const { hops, damage } = await readRun(dir.path)
      expect(damage).toBeGreaterThan(0)
      expect(hops).toEqual(before.hops)
    }
  })
})
