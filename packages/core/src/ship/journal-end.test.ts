import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { HopRecord } from '../record/record.js'
import { readRun } from '../log/read-run.js'
import { baseNanos, tempDir, testCall, testClose, testHop, testRunDir } from '../log/test-run.fixture.js'
import { shipDeadRuns } from './adopt.js'
import { RunShipping } from './run-shipping.js'
import { recordsOf, testLog, TestRegistry, TestStore } from './test-ship.fixture.js'

const second = 1_000_000_000

/** A dead run in several files, of which a part is shipped and deleted: its journal has lines of each kind but `done`. */
async function shippedInPart(runDir: string, store: TestStore): Promise<void> {
  const log = testLog(runDir, { maxFileBytes: 1500 })
  const long = testHop(0)
  log.call(long, testCall(0))
  const engine = new RunShipping({ runDir, store })
  engine.load()
  for (let round = 0; round < 4; round++) {
    for (let i = 1; i < 30; i++) log.close(testHop(round * second + i), testClose())
    log.mark(baseNanos + BigInt(round * second + 100))
    while (engine.poll() > 0);
    engine.cut({ below: null, firstBelow: Number(baseNanos / BigInt(second)) + round + 1 })
    await engine.send()
    if (round === 1) engine.compact()
  }
  for (let i = 1; i < 10; i++) log.close(testHop(5 * second + i), testClose())
  log.open(testHop(6 * second))
  engine.close()
}

describe('a journal that has lost its end, or a line', () => {
  it('changes no answer and loses no record: nothing is taken for shipped or closed because of it', async () => {
    using dir = tempDir()
    const runDir = testRunDir(dir.path)
    const kept = path.join(dir.path, 'kept')
    const before = new TestStore()
    await shippedInPart(runDir, before)
    cpSync(runDir, kept, { recursive: true })
    const rows = await before.scan({ from: Buffer.alloc(0), to: Buffer.alloc(1, 0xff), limit: 1_000_000 })
    const journal = readFileSync(path.join(runDir, 'ship.journal'))

    const recovered = async (bytes: Buffer) => {
      rmSync(runDir, { recursive: true, force: true })
      cpSync(kept, runDir, { recursive: true })
      writeFileSync(path.join(runDir, 'ship.journal'), bytes)
      const { hops, damage } = await readRun(runDir)
      const store = new TestStore()
      await store.put(rows)
      const report = await shipDeadRuns({
        dataDir: dir.path,
        registry: new TestRegistry(),
        openStore: () => store,
      })
      expect(report.left).toEqual([])
      return { hops, damage, records: await recordsOf(store) }
    }
    const whole = await recovered(journal)
    expect(whole).toMatchObject({ damage: 0 })
    const lines = journal.toString().split('\n').slice(0, -1)
    expect(lines.map((line) => /"type":"(\w+)"/.exec(line)?.[1])).toEqual([
      'checkpoint',
      'cut',
      'ack',
      'cut',
      'ack',
      'cut',
      'ack',
    ])
    const less = (at: number): Buffer => Buffer.from(`${lines.toSpliced(at, 1).join('\n')}\n`)
    const ends = lines.map((_, i) => Buffer.byteLength(lines.slice(0, i).join('\n')))
    const damaged = [...ends, ...ends.map((at) => at + 40), journal.length - 1].map((end) =>
      journal.subarray(0, end),
    )
    for (const bytes of [...damaged, ...lines.map((_, i) => less(i))]) {
      const { hops, damage, records } = await recovered(bytes)
      const known = new Map(whole.hops.map((hop) => [hop.hopId, hop]))
      if (damage === 0) expect(hops).toEqual(whole.hops)
      for (const hop of hops) if (hop.lost === 0) expect(hop).toEqual(known.get(hop.hopId))
      for (const [id, record] of whole.records) {
        const found = records.get(id) as HopRecord
        expect(found).toBeDefined()
        if (found.lost === 0) expect(found).toEqual(record)
        else expect(damage).toBeGreaterThan(0)
      }
    }
  })
})
