import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HopRecord } from '../record/record.js'
import type { LogHop } from './entries.js'
import { FileHopLog } from './file-hop-log.js'
import { readRun } from './read-run.js'
import { listLogFiles, logFilePath } from '../rundir/run-dir.js'
import { baseNanos, tempDir, testCall, testClose, testHop, testId, testRun } from './test-run.fixture.js'

const route = '/orders/:id'

/** A hop whose route becomes known, or changes, while it is open. */
function routedHop(offset: number, known: string | null = route): LogHop & { route: string | null } {
  return { ...testHop(offset), route: known }
}

async function logged(write: (log: FileHopLog) => void): Promise<readonly HopRecord[]> {
  using dir = tempDir()
  const log = new FileHopLog({ runDir: dir.path, run: testRun })
  write(log)
  const { hops, damage } = await readRun(dir.path)
  expect(damage).toBe(0)
  log.end()
  return hops
}

describe('the route of an open hop', () => {
  it.each<[string, (log: FileHopLog, hop: LogHop) => boolean]>([
    ['a call', (log, hop) => log.call(hop, testCall(0))],
    ['an event', (log, hop) => log.event(hop, 'e', 1, {})],
    ['a key', (log, hop) => log.key(hop, 'orderId', '42')],
    ['an open entry', (log, hop) => log.open(hop)],
  ])('is in the log with %s', async (_, write) => {
    const hops = await logged((log) => write(log, routedHop(1)))
    expect(hops).toMatchObject([{ state: 'open', route }])
  })

  it('is there from the first entry that knows it, and is logged again if it changes', async () => {
    const seen: unknown[] = []
    using dir = tempDir()
    const log = new FileHopLog({ runDir: dir.path, run: testRun })
    const hop = routedHop(1, null)
    for (const known of [null, '/orders', route, null]) {
      hop.route = known
      log.event(hop, 'e', 1, {})
      seen.push((await readRun(dir.path)).hops[0]?.route)
    }
    expect(seen).toEqual([null, '/orders', route, route])
    log.end()
  })

  it.each([route, '/another', null])('is replaced by that of its close: %s', async (last) => {
    const hops = await logged((log) => {
      const hop = routedHop(1)
      log.event(hop, 'e', 1, {})
      log.close(hop, testClose({ route: last }))
    })
    expect(hops).toMatchObject([{ state: 'closed', route: last }])
  })

  it('is written again if the log opens its hop again', async () => {
    using dir = tempDir()
    const [first, second] = [path.join(dir.path, 'a'), path.join(dir.path, 'b')]
    const log = new FileHopLog({ runDir: first, run: testRun })
    const hop = routedHop(1)
    log.event(hop, 'e', 1, {})
    log.relocate(second)
    for (const file of listLogFiles(second)) rmSync(logFilePath(second, file))
    log.close(hop, testClose())
    log.end()
    expect((await readRun(second)).hops).toMatchObject([{ state: 'closed', route }])
  })

  it('is written again after a close, when its hop gets a new number', async () => {
    const hops = await logged((log) => {
      const hop = routedHop(1)
      log.event(hop, 'e', 1, {})
      log.close(hop, testClose())
      hop.logNumber = 0
      log.attributes(hop, { late: true })
      log.close(hop, testClose())
    })
    expect(hops).toMatchObject([{ state: 'closed', route, attributes: { late: true } }])
  })

  it('costs nothing for a hop without other entries', () => {
    using dir = tempDir()
    const log = new FileHopLog({ runDir: dir.path, run: testRun })
    const cost = (hop: LogHop): number => {
      const { bytes } = log.stats()
      log.close(hop, testClose())
      return log.stats().bytes - bytes
    }
    cost(testHop(1))
    expect(cost(routedHop(2))).toBe(cost(testHop(3)))
    log.end()
  })

  it('is not lost with an entry that could not be written', async () => {
    const hops = await logged((log) => {
      const hop = routedHop(1)
      log.open(testHop(2))
      hop.route = null
      log.open(hop)
      hop.route = route
      const name = 1 as unknown as string
      expect(log.event(hop, name, 1, {})).toBe(false)
      log.close(hop, testClose())
    })
    expect(hops).toMatchObject([{ state: 'open' }, { state: 'closed', route, shed: 1 }])
  })

  it('is right or missing, and the loss is counted, if any byte is changed', async () => {
    using dir = tempDir()
    const log = new FileHopLog({ runDir: path.join(dir.path, 'a'), run: testRun })
    const count = 9
    const routeOf = (i: number): string => `/mount/route/${i % 4}`
    for (let i = 0; i < count; i++) {
      const hop = routedHop(i, [null, '/mount', routeOf(i)][i % 3])
      log.event(hop, 'e', 1, { i })
      hop.route = routeOf(i)
      log.call(hop, testCall(0))
      if (i % 2 === 0) log.close(hop, testClose({ route: routeOf(i) }))
    }
    log.mark(baseNanos + BigInt(count))
    log.end()
    const bytes = readFileSync(logFilePath(path.join(dir.path, 'a'), 1))
    const runDir = path.join(dir.path, 'b')
    const expected = new Map(Array.from({ length: count }, (_, i) => [testId(i), routeOf(i)]))
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, xor) => {
        const copy = Buffer.from(bytes)
        copy[at] = (copy[at] as number) ^ xor
        rmSync(runDir, { recursive: true, force: true })
        mkdirSync(runDir)
        writeFileSync(logFilePath(runDir, 1), copy)
        const read = await readRun(runDir).catch(() => undefined)
        for (const hop of read?.hops ?? []) {
          const known = [expected.get(hop.hopId), null]
          expect(hop.state === 'closed' ? known : [...known, '/mount']).toContain(hop.route)
          if (read?.damage === 0) expect(hop.route).toBe(expected.get(hop.hopId))
        }
      }),
      { numRuns: 200 },
    )
  })
})
