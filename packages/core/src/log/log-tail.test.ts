import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HopRecord } from '../record/record.js'
import { FileHopLog } from './file-hop-log.js'
import { HopTable } from './hop-table.js'
import { LogTail } from './log-tail.js'
import { readRun } from './read-run.js'
import { listLogFiles, logFilePath } from '../rundir/run-dir.js'
import { baseNanos, tempDir, testCall, testClose, testHop, testRun } from './test-run.fixture.js'

/**
 * A log of `count` hops with a call each; every second one knows its route at that time. `ends`: the size of
 * the file after each hop.
 */
function writeLog(runDir: string, count: number): { bytes: Buffer; ends: number[] } {
  const log = new FileHopLog({ runDir, run: testRun })
  const ends: number[] = []
  for (let i = 0; i < count; i++) {
    const hop = { ...testHop(i), route: i % 2 === 0 ? null : `/route/${i % 3}` }
    log.call(hop, testCall(0))
    log.callEnd(hop, { index: 0, outcome: '200', durationMicros: i, servedBy: null, otherKey: null })
    log.close(hop, testClose({ route: `/route/${i % 3}` }))
    ends.push(log.stats().bytes)
  }
  log.mark(baseNanos + BigInt(count))
  log.end()
  return { bytes: readFileSync(logFilePath(runDir, 1)), ends }
}

function rewrite(runDir: string, bytes: Uint8Array): void {
  rmSync(runDir, { recursive: true, force: true })
  mkdirSync(runDir)
  writeFileSync(logFilePath(runDir, 1), bytes)
}

describe('LogTail', () => {
  it('reads a growing log, and waits for the rest of a torn entry', () => {
    using dir = tempDir()
    const { bytes, ends } = writeLog(path.join(dir.path, 'a'), 3)
    const runDir = path.join(dir.path, 'b')
    rewrite(runDir, bytes.subarray(0, 3))
    const table = new HopTable()
    const tail = new LogTail(runDir, table)
    for (let at = 3; at < bytes.length; at++) {
      tail.poll(1 << 20)
      expect([...table.hops()].filter(({ record }) => record.state === 'closed')).toHaveLength(
        ends.filter((end) => end <= at).length,
      )
      appendFileSync(logFilePath(runDir, 1), bytes.subarray(at, at + 1))
    }
    tail.poll(1 << 20)
    tail.close()
    expect(table).toMatchObject({ damage: 0, ended: true })
  })

  it('stops at a given position and continues from there', () => {
    using dir = tempDir()
    writeLog(dir.path, 10)
    const table = new HopTable()
    const tail = new LogTail(dir.path, table)
    const whole = new LogTail(dir.path, new HopTable())
    whole.poll(1 << 20)
    tail.poll(1 << 20, whole.position)
    expect(tail.position).toEqual(whole.position)
    expect(tail.poll(1 << 20)).toBe(0)
    tail.close()
    whole.close()
  })

  it('reads a deleted file to its end and counts a missing one', () => {
    using dir = tempDir()
    const log = new FileHopLog({ runDir: dir.path, run: testRun, maxFileBytes: 600 })
    const table = new HopTable()
    const tail = new LogTail(dir.path, table)
    log.close(testHop(0), testClose())
    tail.poll(1 << 20)
    log.close(testHop(1), testClose())
    rmSync(logFilePath(dir.path, 1))
    tail.poll(1 << 20)
    expect(table.size).toBe(2)
    for (let i = 2; listLogFiles(dir.path).at(-1) !== 4; i++) log.close(testHop(i), testClose())
    rmSync(logFilePath(dir.path, 2))
    tail.poll(1 << 20)
    tail.close()
    log.end()
    expect(table.damage).toBe(1)
    expect(table.size).toBeGreaterThan(2)
  })

  const count = 12
  const byId = (hops: readonly HopRecord[]) => new Map(hops.map((hop) => [hop.hopId, hop]))

  it('keeps every intact entry if the log is cut anywhere', async () => {
    using dir = tempDir()
    const { bytes, ends } = writeLog(path.join(dir.path, 'a'), count)
    const whole = byId((await readRun(path.join(dir.path, 'a'))).hops)
    const runDir = path.join(dir.path, 'b')
    const head = (ends[0] as number) - 1
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: head, max: bytes.length }), async (length) => {
        rewrite(runDir, bytes.subarray(0, length))
        const { hops, damage } = await readRun(runDir).catch(() => ({ hops: [], damage: 1 }))
        const closed = hops.filter(({ state }) => state === 'closed')
        expect(closed).toHaveLength(ends.filter((end) => end <= length).length)
        for (const hop of closed) expect(hop).toEqual(whole.get(hop.hopId))
        expect(damage).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('keeps every intact entry, invents none and counts the loss if any byte is changed', async () => {
    using dir = tempDir()
    const { bytes } = writeLog(path.join(dir.path, 'a'), count)
    const whole = await readRun(path.join(dir.path, 'a'))
    const known = byId(whole.hops)
    const runDir = path.join(dir.path, 'b')
    const changed = fc.integer({ min: 0, max: bytes.length - 1 })
    await fc.assert(
      fc.asyncProperty(changed, fc.integer({ min: 1, max: 255 }), async (at, xor) => {
        const copy = Buffer.from(bytes)
        copy[at] = (copy[at] as number) ^ xor
        rewrite(runDir, copy)
        const read = await readRun(runDir).catch((error: unknown) => error as { code: string })
        if (!('hops' in read)) {
          expect(read.code).toBe('HOPTRACE_BAD_LOG')
          return
        }
        for (const hop of read.hops) {
          const before = known.get(hop.hopId)
          expect(before).toBeDefined()
          if (hop.state === 'closed') expect(hop.status).toBe(before?.status)
        }
        expect(read.hops.length).toBeGreaterThanOrEqual(count - 1)
        const same = read.hops.length === count && read.hops.every((hop) => Object.is(hop.state, 'closed'))
        if (read.damage === 0) expect({ same, hops: read.hops }).toEqual({ same: true, hops: whole.hops })
        else expect(read.dropped.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 250 },
    )
  })

  it('neither throws nor stalls on arbitrary content', async () => {
    using dir = tempDir()
    const { bytes } = writeLog(path.join(dir.path, 'a'), 2)
    const runDir = path.join(dir.path, 'b')
    const noise = fc.uint8Array({ maxLength: 500 })
    await fc.assert(
      fc.asyncProperty(noise, noise, async (before, after) => {
        rewrite(runDir, Buffer.concat([before, bytes, after]))
        const read = await readRun(runDir).catch((error: unknown) => error as { code: string })
        // A frame is bound to its offset in the file.
        if (before.length > 0) return void expect(read).toMatchObject({ code: 'HOPTRACE_BAD_LOG' })
        expect(read).toMatchObject({ hops: [{}, {}] })
        if ('damage' in read) expect(read.damage > 0).toBe(after.length > 0)
      }),
    )
  })
})
