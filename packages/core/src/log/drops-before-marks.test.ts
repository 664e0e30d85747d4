import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FileHopLog } from './file-hop-log.js'
import { readRun } from './read-run.js'
import { listLogFiles, logFilePath } from '../rundir/run-dir.js'
import { baseNanos, testClose, testHop, testRun } from './test-run.fixture.js'

function openLog(maxLogBytes: number): { log: FileHopLog; runDir: string } {
  const runDir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-log-'))
  onTestFinished(() => rmSync(runDir, { recursive: true, force: true }))
  return { log: new FileHopLog({ runDir, run: testRun, maxLogBytes }), runDir }
}

/** Closes hops until one is dropped; returns its number. */
function fill(log: FileHopLog, from: number): number {
  for (let i = from; ; i++) if (!log.close(testHop(i), testClose())) return i
}

describe('a full log', () => {
  it('never writes a mark before it has logged earlier drops', async () => {
    const { log, runDir } = openLog(20_000)
    let dropped = fill(log, 0)
    for (let round = 0; round < 5; round++) {
      log.mark(baseNanos + BigInt(dropped) + 10n)
      const run = await readRun(runDir)
      expect(run.markedNanos).toBe(baseNanos + BigInt(dropped) + 10n)
      const lost = baseNanos + BigInt(dropped)
      expect(run.dropped.some(({ fromNanos, toNanos }) => fromNanos <= lost && lost <= toNanos)).toBe(true)
      expect(run.dropped.reduce((sum, { count }) => sum + count, 0)).toBe(round + 1)
      // Consecutive drops are one range.
      expect(run.dropped).toHaveLength(1)
      dropped = fill(log, dropped + 100)
    }
  })

  it('accepts hops again once its files are shipped, however small its limit', async () => {
    const { log, runDir } = openLog(65_536)
    const dropped = fill(log, 0)
    const files = listLogFiles(runDir)
    expect(files.length).toBeGreaterThan(2)
    for (const file of files.slice(0, -1)) rmSync(logFilePath(runDir, file))
    await expect.poll(() => log.close(testHop(dropped + 1), testClose())).toBe(true)
  })
})
