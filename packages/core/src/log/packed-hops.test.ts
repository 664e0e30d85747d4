import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logFilePath } from '../rundir/run-dir.js'
import type { HopId } from '../id/types.js'
import { FileHopLog } from './file-hop-log.js'
import { HopTable } from './hop-table.js'
import { LogTail } from './log-tail.js'
import { PackedHops } from './packed-hops.js'
import { baseNanos, tempDir, testClose, testHop, testId, testRun } from './test-run.fixture.js'

const error = { name: 'TypeError', message: 'no stock', code: 'E1' }

/** What happens to one hop. */
const kinds = {
  leaf: (log: FileHopLog, i: number) => log.close(testHop(i), testClose({ durationMicros: i })),
  failed: (log: FileHopLog, i: number) => log.close(testHop(i), testClose({ error, status: 500 })),
  routeless: (log: FileHopLog, i: number) =>
    log.close({ ...testHop(i), route: '/a' }, testClose({ route: null })),
  linked: (log: FileHopLog, i: number) =>
    log.close(testHop(i, { link: 'abc', traceId: testId(i + 1) }), testClose()),
  aliased: (log: FileHopLog, i: number) => log.close(testHop(i, { assignedId: testId(i + 2) }), testClose()),
  foreign: (log: FileHopLog, i: number) =>
    log.close(testHop(i, { parentSpan: '00112233aabbccdd' }), testClose()),
  /** Two hops took one id. */
  twice: (log: FileHopLog, i: number) => {
    log.close(testHop(i), testClose())
    log.close(testHop(i), testClose({ status: 404 }))
  },
  /** It works after its response, under a new number. */
  later: (log: FileHopLog, i: number) => {
    const hop = testHop(i)
    log.close(hop, testClose())
    hop.logNumber = 0
    log.event(hop, 'mail.sent', 7, { i })
    log.close(hop, testClose())
  },
  /** It keeps its number after its response: a call that was not logged is pending. */
  unsettled: (log: FileHopLog, i: number) => {
    const hop = testHop(i)
    log.close(hop, testClose())
    log.event(hop, 'mail.sent', 7, { i })
  },
  parts: (log: FileHopLog, i: number) => {
    const hop = testHop(i)
    log.key(hop, 'orderId', String(i))
    log.close(hop, testClose())
  },
  open: (log: FileHopLog, i: number) => log.open(testHop(i)),
} as const
type Kind = keyof typeof kinds

const offset = (i: number): number => i * 1_000_000

function write(log: FileHopLog, hops: readonly Kind[], from: number): void {
  hops.forEach((kind, i) => kinds[kind](log, offset(from + i)))
}

/** All that a table knows of some ids. */
function contentOf(table: HopTable, ids: readonly HopId[]): unknown {
  const { size, damage, late, dropped, keyed } = table
  const hops = ids.map((id) => {
    const hop = table.get(id)
    return hop && { ...hop, record: table.snapshot(hop), dirty: hop.dirty, complete: hop.complete }
  })
  return { hops, size, damage, late, dropped, keyed: keyed.map(({ record }) => record.hopId) }
}

/** As if the store had acknowledged the hop. */
function ship(table: HopTable, id: HopId): void {
  const slot = table.packed.slotOf(id)
  const hop = table.get(id)
  if (slot !== -1) table.packed.remove(slot)
  else if (hop?.complete === true) table.remove(hop)
}

describe('PackedHops', () => {
  it('changes nothing of what a table says, whatever comes after a hop was packed, and whatever is damaged', () => {
    let packed = 0
    const hops = fc.array(fc.constantFrom(...(Object.keys(kinds) as Kind[])), { maxLength: 30 })
    const damage = fc.option(
      fc.record({
        place: fc.double({ min: 0, max: 0.999, noNaN: true }),
        bits: fc.integer({ min: 1, max: 255 }),
      }),
    )
    fc.assert(
      fc.property(
        hops,
        hops,
        fc.array(fc.nat(29)),
        fc.boolean(),
        damage,
        (early, late, shipped, again, flip) => {
          using dir = tempDir()
          const log = new FileHopLog({ runDir: dir.path, run: testRun })
          const ids = [...early, ...late].map((_, i) => testId(offset(i)))
          const tables = [new HopTable(), new HopTable(true)] as const
          const tails = tables.map((table) => new LogTail(dir.path, table))
          const read = (): void => {
            for (const tail of tails) while (tail.poll(1 << 20) > 0);
            packed = Math.max(packed, tables[1].packed.size)
            expect(contentOf(tables[1], ids)).toEqual(contentOf(tables[0], ids))
          }
          write(log, early, 0)
          log.mark(baseNanos + BigInt(offset(early.length)))
          read()
          for (const i of shipped)
            for (const table of tables) if (i < early.length) ship(table, testId(offset(i)))
          tables[1].packed.sweep()
          read()
          // Hops with the ids of earlier ones, too.
          write(log, late, again ? 0 : early.length)
          if (flip !== null) {
            const file = logFilePath(dir.path, 1)
            const bytes = readFileSync(file)
            const from = (tails[0] as LogTail).position.offset
            const at = from + Math.floor((log.stats().bytes - from) * flip.place)
            bytes[at] = (bytes[at] ?? 0) ^ flip.bits
            writeFileSync(file, bytes)
          }
          read()
          expect(tables[1].interrupt().map(({ record }) => record.hopId)).toEqual(
            tables[0].interrupt().map(({ record }) => record.hopId),
          )
          for (const tail of tails) tail.close()
        },
      ),
      { numRuns: 150 },
    )
    expect(packed).toBeGreaterThan(5)
  })

  it('finds every hop by its id and by its number, among many, before and after others are gone', () => {
    const byIdWords = fc.array(fc.tuple(fc.nat(3), fc.nat(0xffff_ffff), fc.nat(3), fc.nat(3)), {
      maxLength: 3000,
      minLength: 2000,
    })
    fc.assert(
      fc.property(byIdWords, fc.nat(6), (words, every) => {
        const hops = new PackedHops()
        const kept = new Map<string, number>()
        const bytes = Buffer.alloc(64)
        for (const [number, parts] of words.entries()) {
          parts.forEach((part, i) => bytes.writeUInt32BE(part, 4 * i))
          const id = bytes.toString('hex', 0, 16)
          if (hops.slotOfBytes(bytes, 0) !== -1) {
            expect(kept.has(id)).toBe(true)
            continue
          }
          expect(kept.has(id)).toBe(false)
          kept.set(id, number)
          bytes.writeBigUInt64BE(BigInt(number) + 1n, 16)
          hops.add({
            bytes,
            start: 0,
            end: 64,
            idAt: 0,
            startAt: 16,
            texts: [],
            number,
            continued: false,
            file: 1,
            damage: 0,
          })
        }
        const check = (): void => {
          expect(hops.size).toBe(kept.size)
          for (const [id, number] of kept) {
            const slot = hops.slotOf(id as HopId)
            expect(hops.hopId(slot)).toBe(id)
            expect(hops.slotOfNumber(number)).toBe(slot)
          }
          expect(hops.firstStartNanos()).toBe(
            kept.size === 0 ? undefined : BigInt(Math.min(...kept.values())) + 1n,
          )
        }
        check()
        for (const [id, number] of kept) {
          if (number % (every + 1) !== 0) continue
          hops.remove(hops.slotOf(id as HopId))
          kept.delete(id)
          expect(hops.slotOf(id as HopId)).toBe(-1)
        }
        check()
        hops.sweep()
        check()
      }),
      { numRuns: 5 },
    )
  })
})
