import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { FileHopLog, type FileHopLogOptions } from './file-hop-log.js'
import { readRun } from './read-run.js'
import { listLogFiles, logFilePath } from '../rundir/run-dir.js'
import { baseNanos, tempDir, testCall, testClose, testHop, testId, testRun } from './test-run.fixture.js'

function openLog(runDir: string, options: Partial<FileHopLogOptions> = {}) {
  const said: string[] = []
  const log = new FileHopLog({
    runDir,
    run: testRun,
    diagnostics: (code, message) => said.push(`${code} ${message}`),
    ...options,
  })
  return { log, said }
}

describe('FileHopLog', () => {
  it('logs a leaf hop with one append', async () => {
    using dir = tempDir()
    const { log } = openLog(dir.path)
    const link = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const hop = testHop(5, {
      traceId: testId(1),
      parentSpan: 'b7ad6b7169203331',
      link,
      assignedId: testId(4),
    })
    expect(log.close(hop, testClose({ error: { name: 'TypeError', message: 'naïve ☂', code: null } }))).toBe(
      true,
    )
    expect(hop.logNumber).toBe(1)
    const { hops, damage, run } = await readRun(dir.path)
    expect(run).toEqual(testRun())
    expect(damage).toBe(0)
    expect(hops).toHaveLength(1)
    expect(hops[0]).toMatchObject({
      hopId: hop.id,
      traceId: testId(1),
      service: 'orders',
      instance: { address: '127.0.0.1:4001', worker: 0, startNanos: baseNanos },
      state: 'closed',
      startNanos: hop.startNanos,
      durationMicros: 1234,
      method: 'GET',
      route: '/orders/:id',
      status: 200,
      error: { name: 'TypeError', message: 'naïve ☂', code: null },
      parentSpan: 'b7ad6b7169203331',
      link,
      assignedId: testId(4),
      flags: 1,
    })
  })

  it('logs calls, their ends, events, keys and attributes of interleaved hops', async () => {
    using dir = tempDir()
    const { log } = openLog(dir.path)
    const a = testHop(1)
    const b = testHop(2)
    log.call(a, testCall(0))
    log.event(b, 'order.accepted', 7, { items: 3, ok: true, ratio: -0.5, name: 'ü' })
    log.call(a, testCall(1, { target: 'payments:80', service: 'payments', method: null }))
    const servedBy = { hopId: testId(77), service: 'payments', address: '10.0.0.1:80' }
    log.callEnd(a, { index: 1, outcome: '200', durationMicros: 99, servedBy, otherKey: null })
    log.callEnd(a, { index: 0, outcome: 'ECONNRESET', durationMicros: 5, servedBy: null, otherKey: null })
    log.key(b, 'orderId', '42')
    log.attributes(b, { tenant: 'x' })
    log.close(a, testClose())
    log.mark(baseNanos + 10n)
    const { hops, markedNanos } = await readRun(dir.path)
    expect(markedNanos).toBe(baseNanos + 10n)
    const [first, second] = hops
    expect(first?.next).toMatchObject([
      {
        hopId: testId(9_000_000),
        target: '127.0.0.1:4002',
        service: null,
        outcome: 'ECONNRESET',
        servedBy: null,
      },
      {
        target: 'payments:80',
        service: 'payments',
        method: null,
        outcome: '200',
        durationMicros: 99,
        servedBy,
      },
    ])
    expect(second).toMatchObject({
      state: 'open',
      keys: { orderId: '42' },
      attributes: { tenant: 'x' },
      events: [
        {
          name: 'order.accepted',
          offsetMicros: 7,
          attributes: { items: 3, ok: true, ratio: -0.5, name: 'ü' },
        },
      ],
    })
  })

  it('writes deferred entries with the next append, and with a mark', async () => {
    using dir = tempDir()
    const { log } = openLog(dir.path)
    const hop = testHop(1)
    log.attributes(hop, { a: 1 })
    expect((await readRun(dir.path)).hops).toEqual([])
    log.mark(baseNanos)
    expect((await readRun(dir.path)).hops[0]?.attributes).toEqual({ a: 1 })
  })

  it('continues a hop in a later file, and defines texts per file', async () => {
    using dir = tempDir()
    const { log } = openLog(dir.path, { maxFileBytes: 1024 })
    const long = testHop(0)
    log.call(long, testCall(0))
    for (let i = 1; i <= 200; i++) log.close(testHop(i), testClose({ route: `/r${i % 7}` }))
    log.callEnd(long, { index: 0, outcome: '204', durationMicros: 1, servedBy: null, otherKey: null })
    log.close(long, testClose({ status: 201 }))
    expect(listLogFiles(dir.path).length).toBeGreaterThan(5)
    const { hops, damage } = await readRun(dir.path)
    expect(damage).toBe(0)
    expect(hops).toHaveLength(201)
    expect(hops[0]).toMatchObject({ status: 201, next: [{ outcome: '204' }] })
    expect(hops.slice(1).map(({ route }) => route)).toEqual(
      Array.from({ length: 200 }, (_, i) => `/r${(i + 1) % 7}`),
    )
  })

  it('joins a closed hop with its continuation', async () => {
    using dir = tempDir()
    const { log } = openLog(dir.path)
    const hop = testHop(0)
    log.call(hop, testCall(0))
    log.callEnd(hop, { index: 0, outcome: '200', durationMicros: 1, servedBy: null, otherKey: null })
    log.close(hop, testClose())
    hop.logNumber = 0
    log.call(hop, testCall(0, { hopId: testId(50) }))
    log.callEnd(hop, { index: 0, outcome: '500', durationMicros: 2, servedBy: null, otherKey: null })
    log.close(hop, testClose())
    const { hops } = await readRun(dir.path)
    expect(hops).toHaveLength(1)
    expect(hops[0]?.next.map(({ outcome }) => outcome)).toEqual(['200', '500'])
  })

  it('sheds details first and new hops last if its files are not shipped, and logs what it dropped', async () => {
    using dir = tempDir()
    const { log } = openLog(dir.path, { maxFileBytes: 2000, maxLogBytes: 10_000 })
    const begun = testHop(0)
    log.open(begun)
    let shedAt = 0
    let droppedAt = 0
    for (let i = 1; droppedAt === 0; i++) {
      const hop = testHop(i)
      if (!log.event(hop, 'e', 1, {}) && shedAt === 0) shedAt = i
      if (!log.close(hop, testClose()) && droppedAt === 0) droppedAt = i
    }
    expect(shedAt).toBeGreaterThan(0)
    expect(shedAt).toBeLessThan(droppedAt)
    expect(log.close(begun, testClose())).toBe(true)
    expect(log.stats()).toMatchObject({ dropped: 1, errors: 0 })
    for (const file of listLogFiles(dir.path).slice(0, -1)) rmSync(logFilePath(dir.path, file))
    await expect.poll(() => log.close(testHop(1_000_000), testClose())).toBe(true)
    log.mark(baseNanos)
    const { dropped, hops } = await readRun(dir.path)
    expect(dropped.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(1)
    const lost = baseNanos + BigInt(droppedAt)
    expect(dropped.some(({ fromNanos, toNanos }) => fromNanos <= lost && lost <= toNanos)).toBe(true)
    const late = hops.find(({ hopId }) => hopId === testId(droppedAt - 1))
    expect(late?.shed).toBe(1)
  })

  it('continues in a new directory if its own is removed, and opens running hops again', async () => {
    using dir = tempDir()
    const runDir = path.join(dir.path, 'run')
    const { log } = openLog(runDir)
    const hop = testHop(0)
    log.call(hop, testCall(0))
    rmSync(runDir, { recursive: true })
    await expect
      .poll(() => {
        log.mark(baseNanos)
        return listLogFiles(runDir).length
      })
      .toBe(2)
    log.close(hop, testClose())
    const { hops } = await readRun(runDir)
    expect(hops).toMatchObject([{ hopId: hop.id, state: 'closed' }])
  })

  it('stops tracing while the file system refuses, warns once, and continues afterwards', async () => {
    using dir = tempDir()
    const blocked = path.join(dir.path, 'blocked')
    writeFileSync(blocked, '')
    const runDir = path.join(blocked, 'run')
    const { log, said } = openLog(runDir)
    const lost = testHop(1)
    expect(log.call(lost, testCall(0))).toBe(false)
    expect(log.close(lost, testClose())).toBe(false)
    expect(log.close(testHop(2), testClose())).toBe(false)
    expect(said).toHaveLength(1)
    expect(log.stats()).toMatchObject({ appended: 0, dropped: 2 })
    rmSync(blocked)
    mkdirSync(blocked)
    let n = 10
    await expect.poll(() => log.close(testHop(n++), testClose())).toBe(true)
    expect(said).toHaveLength(2)
    const { hops, dropped } = await readRun(runDir)
    expect(hops.map(({ hopId }) => hopId)).toEqual([testId(n - 1)])
    expect(dropped).toEqual([{ fromNanos: baseNanos + 1n, toNanos: baseNanos + BigInt(n - 2), count: n - 9 }])
  })

  it('bounds every text and cuts between characters', async () => {
    using dir = tempDir()
    const { log } = openLog(dir.path, { maxEventBytes: 100 })
    const hop = testHop(1)
    log.event(hop, '☂'.repeat(100), 1, { a: '☂'.repeat(100), b: 'left out' })
    log.close(hop, testClose({ error: { name: 'E', message: '☂'.repeat(5000), code: null } }))
    const [record] = (await readRun(dir.path)).hops
    expect(record?.error?.message).toBe('☂'.repeat(341))
    expect(record?.events[0]?.name).toBe('☂'.repeat(42))
    expect(String(record?.events[0]?.attributes['a'])).toMatch(/^☂{10,33}$/)
    expect(record?.shed).toBe(2)
  })

  it('survives values that it cannot write', async () => {
    using dir = tempDir()
    const { log } = openLog(dir.path)
    const good = testHop(1)
    const bad = {
      toString: () => {
        throw new Error('no')
      },
    } as unknown as string
    expect(log.event(good, 'e', 1, { bad })).toBe(false)
    expect(log.close(testHop(2, { traceId: 'nonsense' }), testClose())).toBe(false)
    expect(log.close(good, testClose({ shed: 1 }))).toBe(true)
    expect((await readRun(dir.path)).hops).toMatchObject([{ hopId: good.id, state: 'closed', shed: 2 }])
    expect(log.stats()).toMatchObject({ appended: 1, dropped: 1, shed: 1 })
  })

  it('writes its last words and its end', async () => {
    using dir = tempDir()
    const { log } = openLog(dir.path)
    log.open(testHop(1))
    log.crash('uncaughtException: boom')
    log.end()
    expect(log.close(testHop(2), testClose())).toBe(false)
    expect(await readRun(dir.path)).toMatchObject({ crash: 'uncaughtException: boom', ended: true })
  })

  it('continues in another directory after relocate', async () => {
    using dir = tempDir()
    const [first, second] = [path.join(dir.path, 'a'), path.join(dir.path, 'b')]
    const { log } = openLog(first)
    const hop = testHop(1)
    log.open(hop)
    log.relocate(second)
    log.close(hop, testClose())
    expect((await readRun(second)).hops).toMatchObject([{ hopId: hop.id, state: 'closed' }])
    expect(readFileSync(logFilePath(first, 1)).length).toBeGreaterThan(0)
  })
})
