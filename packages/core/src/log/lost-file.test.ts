import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { InstanceRow } from '../record/instance-row.js'
import { recoverRun } from '../ship/recover-run.js'
import { memoryStore } from '../store/memory.js'
import { FileHopLog } from './file-hop-log.js'
import { readRun } from './read-run.js'
import { baseNanos, tempDir, testClose, testHop, testRun, testRunDir } from './test-run.fixture.js'

/** A log that is full, and dropped `drops` hops since it last said so. */
function fullLog(runDir: string, drops: number): { log: FileHopLog; first: number } {
  mkdirSync(runDir, { recursive: true })
  const log = new FileHopLog({ runDir, run: testRun, maxLogBytes: 20_000 })
  let first = 0
  while (log.close(testHop(first), testClose())) first++
  for (let more = 1; more < drops; more++) log.close(testHop(first + more), testClose())
  return { log, first }
}

describe('what a run dropped and its log does not say', () => {
  it('is read of a process that died, until the log says it', async () => {
    using dir = tempDir()
    const runDir = testRunDir(dir.path, 'full')
    const { log, first } = fullLog(runDir, 3)
    const lost = { fromNanos: baseNanos + BigInt(first), toNanos: baseNanos + BigInt(first) + 2n, count: 3 }
    expect(await readRun(runDir)).toMatchObject({ dropped: [lost], damage: 0 })
    log.mark(baseNanos + BigInt(first) + 10n)
    expect(await readRun(runDir)).toMatchObject({ dropped: [lost], damage: 0 })
  })

  it('is in the row that its adopter writes, and goes with the directory', async () => {
    using dir = tempDir()
    const runDir = testRunDir(dir.path, 'full')
    const { first } = fullLog(runDir, 2)
    const rows: InstanceRow[] = []
    const registry = {
      list: () => Promise.resolve({ rows: [], unread: [] }),
      put: (row: InstanceRow) => Promise.resolve(void rows.push(row)),
      close: () => Promise.resolve(),
    }
    const recovered = await recoverRun(
      { runDir, number: 1, held: () => true, release: () => undefined },
      memoryStore(),
      registry,
    )
    expect(recovered).toMatchObject({ hops: first, damage: 0 })
    expect(rows).toMatchObject([
      { state: 'dead', dropped: [{ fromNanos: baseNanos + BigInt(first), count: 2 }] },
    ])
    expect(existsSync(runDir)).toBe(false)
  })

  it('is damage when a byte of it has changed, and never nothing', async () => {
    using dir = tempDir()
    const runDir = testRunDir(dir.path, 'full')
    fullLog(runDir, 3)
    const file = path.join(runDir, readdirSync(runDir).find((name) => name.endsWith('.lost')) ?? '')
    const whole = readFileSync(file)
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] as number) ^ 1
      writeFileSync(file, changed)
      expect((await readRun(runDir)).damage).toBe(1)
    }
    writeFileSync(file, whole.subarray(0, 20))
    expect((await readRun(runDir)).damage).toBe(1)
  })
})
