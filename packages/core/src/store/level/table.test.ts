import { mkdirSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BlockCursor } from './block.js'
import { freshDir } from './level-dir.fixture.js'
import { newWriterName } from './names.js'
import type { Cursor, StoredRow } from './stored-row.js'
import { Table } from './table.js'
import { TableWriter } from './table-writer.js'

const stamp = 1_795_000_000_000_000

/** Keys that begin alike, and some that begin with a whole other one. */
const key = fc
  .array(fc.constantFrom(0, 1, 127, 255), { minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes))

const rows = fc
  .uniqueArray(
    fc.record({
      key,
      stamp: fc.integer({ min: stamp - 2 ** 40, max: stamp }),
      value: fc.option(fc.integer({ min: 0, max: 200 }).map((length) => Buffer.alloc(length, length))),
    }),
    { minLength: 1, maxLength: 60, selector: (row) => row.key.toString('hex') },
  )
  .map((list): StoredRow[] => list.sort((a, b) => Buffer.compare(a.key, b.key)))

/** Rows of many blocks. */
const many = Array.from({ length: 40 }, (_, i): StoredRow => ({
  key: Buffer.from([i >> 2, i & 3]),
  stamp,
  value: Buffer.alloc(3000, i),
}))

function read(cursor: Cursor): StoredRow[] {
  const found: StoredRow[] = []
  for (; cursor.key !== undefined; cursor.next())
    found.push({ key: cursor.key, stamp: cursor.stamp, value: cursor.value() })
  return found
}

/** Rows as text: comparing thousands of buffers takes seconds. */
function textOf(list: readonly StoredRow[]): string[] {
  return list.map(
    (row) => `${row.key.toString('hex')} ${row.stamp} ${row.value?.toString('hex') ?? 'deleted'}`,
  )
}

describe('a table', () => {
  it('gives the rows of every range, as they were added', async () => {
    const dir = freshDir()
    const writer = newWriterName()
    mkdirSync(path.join(dir, writer), { recursive: true })
    let number = 0
    let blocks = 0
    await fc.assert(
      fc.asyncProperty(rows, key, key, async (added, from, to) => {
        const file = await TableWriter.create(dir, writer, ++number, stamp)
        for (const row of added) file.add(row)
        const table = new Table(dir, writer, await file.finish(), undefined)
        try {
          blocks = Math.max(blocks, table.blocks)
          expect(textOf(read(table.cursor(Buffer.alloc(0), Buffer.alloc(13, 255))))).toEqual(textOf(added))
          for (const start of [from, ...added.map((row) => row.key)]) {
            const within = added.filter(
              (row) => Buffer.compare(row.key, start) >= 0 && Buffer.compare(row.key, to) < 0,
            )
            expect(textOf(read(table.cursor(start, to)))).toEqual(textOf(within))
          }
        } finally {
          table.close()
        }
      }),
      { numRuns: 60, examples: [[many, Buffer.from([3]), Buffer.from([7, 2])]] },
    )
    expect(blocks).toBeGreaterThan(10)
  })
})

describe('a block', () => {
  it('ends with a RangeError where a row does not', () => {
    for (const block of [[0], [0, 1, 1, 0], [0, 1, 5, 0, 97, 98], [0, 0x80], [0, 200, 1, 0, 97]])
      expect(() => new BlockCursor(Buffer.from(block), stamp)).toThrow(RangeError)
  })
})
