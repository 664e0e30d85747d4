import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listLogFiles, logFilePath } from '../rundir/run-dir.js'
import { readRun } from '../log/read-run.js'
import { baseNanos, tempDir, testCall, testClose, testHop, testId } from '../log/test-run.fixture.js'
import { RunShipping } from './run-shipping.js'
import { recordsOf, segmentsOf, testLog, TestStore } from './test-ship.fixture.js'

const second = 1_000_000_000
const firstWindow = Number(baseNanos / BigInt(second))

function open(runDir: string, store: TestStore, dead = false): RunShipping {
  const engine = new RunShipping({ runDir, store, dead })
  engine.load()
  while (engine.poll() > 0);
  return engine
}

describe('RunShipping', () => {
  it('puts a finished window into the first lane and later hops into the late one', async () => {
    using dir = tempDir()
    const store = new TestStore()
    const log = testLog(dir.path)
    const slow = testHop(1)
    log.call(slow, testCall(0))
    log.close(testHop(2), testClose())
    log.close(testHop(second + 1), testClose())
    const engine = open(dir.path, store)
    const below = firstWindow + 1
    expect(engine.cut({ below, firstBelow: below })).toBe(true)
    await engine.send()
    expect(await segmentsOf(store)).toMatchObject([
      {
        window: firstWindow,
        lane: 'first',
        records: [{ hopId: testId(1), state: 'open' }, { hopId: testId(2) }],
      },
    ])
    log.close(slow, testClose())
    log.close(testHop(3), testClose())
    while (engine.poll() > 0);
    expect(engine.cut({ below: below + 1, firstBelow: below + 1 })).toBe(true)
    await engine.send()
    const segments = await segmentsOf(store)
    expect(segments.map(({ window, lane }) => [window - firstWindow, lane])).toEqual([
      [0, 'first'],
      [0, 'late'],
      [1, 'first'],
    ])
    expect(segments[1]?.records.map(({ hopId }) => hopId)).toEqual([testId(1), testId(3)])
    expect(engine.table.size).toBe(1)
    expect(engine.cut({ below: null, firstBelow: 0 })).toBe(false)
    engine.close()
  })

  it('puts parts of a window into the first lane one after the other, and what comes later into the late one', async () => {
    using dir = tempDir()
    const store = new TestStore()
    const log = testLog(dir.path)
    const ship = async (below: number): Promise<void> => {
      const engine = open(dir.path, store)
      expect(engine.cut({ below, firstBelow: below })).toBe(true)
      await engine.send()
      engine.close()
    }
    const at = (share: number): ReturnType<typeof testHop> => testHop(share * second)
    for (const share of [0.1, 0.2, 0.3, 0.6]) log.close(at(share), testClose())
    await ship(firstWindow + 0.25)
    log.close(at(0.15), testClose())
    log.close(at(0.26), testClose())
    await ship(firstWindow + 0.5)
    log.close(at(0.4), testClose())
    await ship(firstWindow + 1)
    const segments = await segmentsOf(store)
    expect(segments.map(({ lane, records }) => [lane, records.map(({ hopId }) => hopId)])).toEqual([
      ['first', [at(0.1).id, at(0.2).id]],
      ['first', [at(0.26).id, at(0.3).id]],
      ['first', [at(0.6).id]],
      ['late', [at(0.15).id]],
      ['late', [at(0.4).id]],
    ])
  })

  it('keeps its watermark below the last mark, and below every hop that the store does not have', async () => {
    using dir = tempDir()
    const store = new TestStore()
    const log = testLog(dir.path)
    log.close(testHop(5), testClose())
    log.mark(baseNanos + 100n)
    const engine = open(dir.path, store)
    expect(engine.watermark()).toBe(baseNanos + 4n)
    engine.cut({ below: null, firstBelow: 0 })
    expect(engine.watermark()).toBe(baseNanos + 4n)
    store.allowed = 0
    await expect(engine.send()).rejects.toThrow('away')
    expect(engine.watermark()).toBe(baseNanos + 4n)
    store.allowed = Infinity
    await engine.send()
    expect(engine.watermark()).toBe(baseNanos + 100n)
    expect(engine.shipped).toBe(1)
    engine.close()
  })

  it('deletes files once they are shipped, carries open hops over, and continues from there', async () => {
    using dir = tempDir()
    const store = new TestStore()
    const log = testLog(dir.path, { maxFileBytes: 1000 })
    const long = testHop(0, { assignedId: testId(77) })
    log.call(long, testCall(0))
    log.key(long, 'orderId', '42')
    for (let i = 1; i < 100; i++) log.close(testHop(i), testClose())
    const engine = open(dir.path, store)
    engine.cut({ below: null, firstBelow: 0 })
    await engine.send()
    expect(listLogFiles(dir.path).length).toBeGreaterThan(3)
    expect(engine.compact()).toBe(true)
    expect(listLogFiles(dir.path)).toHaveLength(1)
    engine.close()
    expect((await readRun(dir.path)).damage).toBe(0)
    expect((await readRun(dir.path)).hops.find(({ hopId }) => hopId === long.id)).toMatchObject({
      keys: { orderId: '42' },
    })

    for (let i = 100; i < 150; i++) log.close(testHop(i), testClose())
    const again = open(dir.path, store)
    again.cut({ below: null, firstBelow: 0 })
    await again.send()
    again.compact()
    again.close()
    log.callEnd(long, { index: 0, outcome: '200', durationMicros: 5, servedBy: null, otherKey: null })
    log.close(long, testClose({ status: 204 }))
    const last = open(dir.path, store, true)
    expect(last.table.size).toBeLessThanOrEqual(50)
    last.cut({ below: null, firstBelow: 0, interrupt: true })
    await last.send()
    last.close()
    const records = await recordsOf(store)
    expect(records.size).toBe(150)
    expect(records.get(long.id)).toMatchObject({
      status: 204,
      keys: { orderId: '42' },
      next: [{ outcome: '200' }],
    })
    expect(last.table).toMatchObject({ damage: 0, late: 0 })
  })

  it('continues with the same keys after a kill at any point, and loses and doubles nothing', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('hop' as const), at: fc.integer({ min: 0, max: 3999 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('open' as const), at: fc.integer({ min: 0, max: 3999 }) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('close' as const), at: fc.nat(20) }) },
      {
        weight: 2,
        // Also parts of windows.
        arbitrary: fc.record({
          do: fc.constant('cut' as const),
          at: fc.integer({ min: 0, max: 40 }).map((tenths) => tenths / 10),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('flush' as const), at: fc.integer({ min: 0, max: 4 }) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('kill' as const), at: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const), at: fc.constant(0) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        using dir = tempDir()
        const store = new TestStore()
        const log = testLog(dir.path, { maxFileBytes: 700 })
        log.mark(baseNanos)
        let engine = open(dir.path, store)
        const opened: ReturnType<typeof testHop>[] = []
        const expected = new Map<string, string>()
        let serial = 0
        const settle = async () => {
          try {
            await engine.send()
          } catch {
            // Stays pending, as after a kill in the middle.
          }
        }
        for (const { do: what, at } of steps) {
          if (what === 'hop' || what === 'open') {
            const hop = testHop(at * 1_000_000 + serial++)
            if (what === 'open') {
              log.call(hop, testCall(0))
              opened.push(hop)
            } else log.close(hop, testClose())
            expected.set(hop.id, what === 'open' ? 'interrupted' : 'closed')
          } else if (what === 'close') {
            const [hop] = opened.splice(at % (opened.length || 1), 1)
            if (hop === undefined) continue
            log.close(hop, testClose())
            expected.set(hop.id, 'closed')
          } else if (what === 'kill') {
            store.allowed = 0
            store.partly = at / 2
            while (engine.poll() > 0);
            if (engine.pending === undefined) engine.cut({ below: null, firstBelow: firstWindow + at })
            await settle()
            engine.close()
            store.allowed = Infinity
            engine = open(dir.path, store)
          } else if (what === 'compact') {
            await settle()
            engine.compact()
          } else {
            await settle()
            while (engine.poll() > 0);
            const below = firstWindow + at
            engine.cut({ below: what === 'cut' ? below : null, firstBelow: below })
          }
        }
        engine.close()
        const heir = open(dir.path, store, true)
        await heir.send()
        heir.cut({ below: null, firstBelow: 0, interrupt: true })
        await heir.send()
        heir.close()
        const records = await recordsOf(store)
        expect(Object.fromEntries([...records].map(([id, { state }]) => [id, state]))).toEqual(
          Object.fromEntries(expected),
        )
        expect(heir.table).toMatchObject({ damage: 0, late: 0 })
        const first = (await segmentsOf(store)).filter(({ lane }) => lane === 'first')
        const ids = first.flatMap(({ records: inside }) => inside.map(({ hopId }) => hopId))
        expect(ids).toEqual([...ids].sort())
        expect(new Set(ids).size).toBe(ids.length)
        const later = open(dir.path, store, true)
        expect(later.cut({ below: null, firstBelow: 0, interrupt: true })).toBe(false)
        later.close()
      }),
      { numRuns: 40 },
    )
  })

  it('marks the whole time of a missing file as dropped', async () => {
    using dir = tempDir()
    const log = testLog(dir.path, { maxFileBytes: 1000 })
    for (let i = 0; listLogFiles(dir.path).length < 4; i++)
      log.close(testHop(BigInt(i) * 10n * BigInt(second)), testClose())
    const written = (await readRun(dir.path)).hops.map(({ startNanos }) => startNanos)
    rmSync(logFilePath(dir.path, 2))
    const engine = open(dir.path, new TestStore())
    const { table } = engine
    const hops = [...table.hops(), ...[...table.packed.slots()].map((slot) => table.packed.hop(slot))]
    const kept = new Set(hops.map(({ record }) => record.startNanos))
    const lost = written.filter((nanos) => !kept.has(nanos))
    expect(lost.length).toBeGreaterThan(2)
    const [range, ...others] = table.dropped
    expect(others).toEqual([])
    for (const nanos of lost) {
      expect(nanos).toBeGreaterThanOrEqual(range?.fromNanos ?? nanos + 1n)
      expect(nanos).toBeLessThanOrEqual(range?.toNanos ?? 0n)
    }
    engine.close()
  })
})
