import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HopRecord } from '../record/record.js'
import { FileHopLog } from './file-hop-log.js'
import { Journal } from './journal.js'
import { type LoggedRun, readRun } from './read-run.js'
import { listLogFiles, logFilePath } from '../rundir/run-dir.js'
import { baseNanos, tempDir, testCall, testClose, testHop, testRun, testRunDir } from './test-run.fixture.js'

const count = 40

/** A log in two files: leaves, hops with a call, an event, a key and attributes, and an open hop. */
function writeLog(runDir: string, half: () => void): void {
  const log = new FileHopLog({ runDir, run: testRun, maxFileBytes: 3000 })
  for (let i = 0; i < count; i++) {
    if (i === count / 2) half()
    const hop = testHop(i)
    if (i % 3 === 0) {
      log.call(hop, testCall(0))
      log.event(hop, 'order.accepted', i, { items: i })
      log.key(hop, 'orderId', String(i))
      log.attributes(hop, { tenant: `t${i % 4}` })
      log.callEnd(hop, { index: 0, outcome: '200', durationMicros: i, servedBy: null, otherKey: null })
    }
    log.close(hop, testClose())
  }
  log.open(testHop(count))
  log.mark(baseNanos + BigInt(count))
}

const contentOf = (runDir: string): Map<number, Buffer> =>
  new Map(listLogFiles(runDir).map((file) => [file, readFileSync(logFilePath(runDir, file))]))

function restore(runDir: string, files: ReadonlyMap<number, Uint8Array>): void {
  for (const file of listLogFiles(runDir)) rmSync(logFilePath(runDir, file))
  for (const [file, bytes] of files) writeFileSync(logFilePath(runDir, file), bytes)
}

/** How one file is damaged: `place` and `other` are fractions of its length. */
interface Mutation {
  readonly kind: 'flip' | 'fill' | 'cut' | 'swap' | 'old' | 'remove'
  readonly file: number
  readonly place: number
  readonly other: number
  readonly bytes: number
}

const mutation = fc.record<Mutation>({
  kind: fc.constantFrom('flip', 'fill', 'cut', 'swap', 'old', 'remove'),
  file: fc.nat(9),
  place: fc.double({ min: 0, max: 0.999, noNaN: true }),
  other: fc.double({ min: 0, max: 0.999, noNaN: true }),
  bytes: fc.integer({ min: 1, max: 255 }),
})

function mutate(
  files: ReadonlyMap<number, Buffer>,
  old: ReadonlyMap<number, Buffer>,
  { kind, file, place, other, bytes }: Mutation,
): Map<number, Buffer> {
  const changed = new Map<number, Buffer>(
    [...files].map(([number, content]) => [number, Buffer.from(content)]),
  )
  const number = [...files.keys()][file % files.size] as number
  const content = changed.get(number) as Buffer
  const written = Math.min(content.length, 3200)
  const at = Math.floor(place * written)
  if (kind === 'flip') content[at] = (content[at] as number) ^ bytes
  else if (kind === 'fill') content.fill(bytes === 1 ? 0 : bytes, at, Math.min(content.length, at + bytes))
  else if (kind === 'cut') changed.set(number, content.subarray(0, at))
  else if (kind === 'remove') changed.delete(number)
  else if (kind === 'swap') {
    const from = Math.floor(other * (written - 256))
    const to = Math.floor(place * (written - 256))
    const one = Buffer.from(content.subarray(from, from + 256))
    content.copy(content, from, to, to + 256)
    one.copy(content, to)
  } else {
    const before = old.get(number)
    if (before === undefined) changed.delete(number)
    else changed.set(number, before)
  }
  return changed
}

describe('a damaged log', () => {
  it('returns each hop unchanged, or says that a part of it is lost', async () => {
    using dir = tempDir()
    const runDir = testRunDir(dir.path)
    let old = new Map<number, Buffer>()
    writeLog(runDir, () => (old = contentOf(runDir)))
    const files = contentOf(runDir)
    expect(files.size).toBeGreaterThan(1)
    const whole = await readRun(runDir)
    expect(whole).toMatchObject({ damage: 0, dropped: [] })
    const known = new Map(whole.hops.map((hop) => [hop.hopId, hop]))
    const last = Math.max(...files.keys())
    const through = { file: last, offset: writtenBytes(files.get(last) as Buffer) }
    await fc.assert(
      fc.asyncProperty(mutation, async (change) => {
        const changed = mutate(files, old, change)
        restore(runDir, changed)
        const read = await readRun(runDir, { through }).catch((error: unknown) => error)
        if (read instanceof Error) {
          expect(read).toMatchObject({ code: 'HOPTRACE_BAD_LOG' })
          return
        }
        const { hops, damage } = read as LoggedRun
        const found = new Map(hops.map((hop) => [hop.hopId, hop]))
        for (const [id, hop] of found) expectTrue(hop, known.get(id))
        // Unreported damage must be harmless: a byte that was never written.
        if (damage === 0) expect(hops).toEqual(whole.hops)
      }),
      { numRuns: 150 },
    )
  })

  it.each(['a pipe', 'a directory', 'a device', 'a link', 'a huge empty file'])(
    'never waits for %s instead of a file',
    async (what) => {
      using dir = tempDir()
      const runDir = testRunDir(dir.path)
      writeLog(runDir, () => undefined)
      const plant = (file: string): void => {
        rmSync(file, { force: true })
        if (what === 'a pipe') execFileSync('mkfifo', [file])
        else if (what === 'a directory') mkdirSync(file)
        else if (what === 'a huge empty file') {
          writeFileSync(file, '')
          truncateSync(file, 10 * 2 ** 30)
        } else symlinkSync(what === 'a device' ? '/dev/zero' : logFilePath(runDir, 2), file)
      }
      plant(logFilePath(runDir, 1))
      const { damage, hops } = await readRun(runDir)
      expect(damage).toBeGreaterThan(0)
      expect(hops.length).toBeGreaterThan(0)
      plant(path.join(runDir, 'ship.journal'))
      await expect(readRun(runDir)).rejects.toMatchObject({ code: 'HOPTRACE_BAD_LOG' })
      expect(() => new Journal(runDir).append({ type: 'done' })).toThrow('ship.journal')
    },
  )

  it('reports a damaged or missing line of its journal', () => {
    using dir = tempDir()
    const runDir = testRunDir(dir.path)
    mkdirSync(runDir, { recursive: true })
    const journal = new Journal(runDir)
    for (let number = 1; number <= 4; number++) journal.append({ type: 'ack', number })
    journal.close()
    const file = path.join(runDir, 'ship.journal')
    const lines = readFileSync(file, 'utf8').split('\n')
    const damageOf = (text: string): number => {
      writeFileSync(file, text)
      return new Journal(runDir).read(true).damage
    }
    expect(damageOf(lines.join('\n'))).toBe(0)
    expect(damageOf(lines.join('\n').replace('"number":2', '"number":9'))).toBe(1)
    expect(damageOf([lines[0], ...lines.slice(2)].join('\n'))).toBe(1)
    expect(damageOf(lines.join('\n').slice(0, -4))).toBe(0)
  })
})

/**
 * Unwritten bytes have no 0xFE, and each frame begins with it. The length of the last frame leads to the end.
 */
function writtenBytes(bytes: Buffer): number {
  const at = bytes.lastIndexOf(Buffer.from([0xfe, 0xed]))
  return at + 8 + bytes.readUInt16LE(at + 2)
}

function expectTrue(hop: HopRecord, before: HopRecord | undefined): void {
  expect(before).toBeDefined()
  if (hop.lost === 0) expect(hop).toEqual(before)
}
