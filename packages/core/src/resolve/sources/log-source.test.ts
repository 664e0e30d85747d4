import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { FileHopLog } from '../../log/index.js'
import { baseNanos, tempDir, testClose, testHop, testId, testRun } from '../../log/test-run.fixture.js'
import { testRow } from '../test-trace.fixture.js'
import { noReads } from '../walk/reads.js'
import { LogSource } from './log-source.js'

/** A log of many hops, its row, and who reads it. */
function setUp(dataDir: string, hops: number) {
  const run = testRun({ host: hostname() })
  const logDir = `logs/orders/${run.startNanos}-1-abcdef`
  const log = new FileHopLog({ runDir: path.join(dataDir, logDir), run: () => run })
  for (let index = 0; index < hops; index++) log.close(testHop(index), testClose())
  log.mark(baseNanos + BigInt(hops))
  log.end()
  const row = testRow('orders', 4001, { startNanos: run.startNanos, logDir })
  return { row, source: new LogSource(dataDir, async () => false) }
}

describe('a log that is read for questions', () => {
  it('is given up with the last question that waits for it, and read again for the next', async () => {
    using dir = tempDir()
    const { row, source } = setUp(dir.path, 20_000)
    const gone = new AbortController()
    const other = new AbortController()
    const first = source.view(row, noReads(), gone.signal)
    const second = source.view(row, noReads(), other.signal)
    setImmediate(() => gone.abort(new Error('gone')))
    await expect(first).rejects.toThrow('gone')
    expect((await second)?.records.size).toBe(20_000)
    // It is kept.
    const reads = noReads()
    expect((await source.view(row, reads))?.records.has(testId(7))).toBe(true)
    expect(reads.scans).toBe(0)
    await expect(source.view(row, noReads(), gone.signal)).rejects.toThrow('gone')
  })

  it('is read by no question that has gone', async () => {
    using dir = tempDir()
    const { row, source } = setUp(dir.path, 20_000)
    const gone = new AbortController()
    const reads = noReads()
    const view = source.view(row, reads, gone.signal)
    setImmediate(() => gone.abort(new Error('gone')))
    await expect(view).rejects.toThrow('gone')
    const again = noReads()
    expect((await source.view(row, again))?.records.size).toBe(20_000)
    expect(again.scans).toBe(1)
  })
})
