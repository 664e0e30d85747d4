import fc from 'fast-check'
import { startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createHBaseClient, type HBaseClient, type ScanOptions, type Table } from '../index.js'
import { keysOf, makeTable } from '../real-hbase.fixture.js'

/** The expected result of a scan, over sorted keys. */
function model(keys: readonly string[], options: ScanOptions): string[] {
  const { from, fromInclusive = true, to, toInclusive = false, prefix, limit } = options
  const text = (bytes: ScanOptions['from']) => Buffer.from(bytes ?? '').toString('latin1')
  return keys
    .filter((key) => from === undefined || key > text(from) || (fromInclusive && key === text(from)))
    .filter((key) => !to?.length || key < text(to) || (toInclusive && key === text(to)))
    .filter((key) => prefix === undefined || key.startsWith(text(prefix)))
    .slice(0, limit)
}

describeRealHBase('scans of a real HBase', () => {
  const keys = Array.from({ length: 400 }, (_, i) => i.toString(3).padStart(6, '0'))
  let hbase: HBaseInstance
  let client: HBaseClient
  let made: Awaited<ReturnType<typeof makeTable>>
  let table: Table
  beforeAll(async () => {
    hbase = await startHBase()
    client = createHBaseClient({ servers: hbase.url })
    made = await makeTable(client, { splitKeys: ['000200', '0012', '0111'] })
    table = made.table
    await table.put(keys.map((row) => ({ row, family: 'f', qualifier: 'q', value: `v${row}` })))
  })
  afterAll(async () => {
    await made[Symbol.asyncDispose]()
    await client.close()
    await hbase.stop()
  })

  const edge = fc.oneof(
    fc.constantFrom(...keys),
    fc.constantFrom('0002', '000200', '0012', '0111', '1', '', '00120', '01110'),
  )
  const options: fc.Arbitrary<ScanOptions> = fc.record(
    {
      from: edge,
      fromInclusive: fc.boolean(),
      to: edge,
      toInclusive: fc.boolean(),
      prefix: fc.constantFrom('', '0', '00', '0012', '01', '9'),
      limit: fc.integer({ min: 1, max: 450 }),
      maxBytes: fc.constantFrom(1, 300, 5000, 1_000_000),
    },
    { requiredKeys: [] },
  )

  it('reads hbase:meta', async () => {
    await using made = await makeTable(client, { splitKeys: ['m'] })
    const { name } = made.table
    const meta = client.table('hbase:meta')
    const keys: string[] = []
    for await (const { row } of meta.scan({ from: `${name},,`, to: `${name}-`, keysOnly: true }))
      keys.push(row.toString())
    expect(keys).toHaveLength(2)
    expect((await meta.get(name))?.cells.length).toBeGreaterThan(0)
  })

  it('returns the rows of any range, in order, whatever the regions and the size of the responses', async () => {
    await fc.assert(
      fc.asyncProperty(options, async (scan) => {
        expect(await keysOf(table.scan(scan))).toEqual(model(keys, scan))
      }),
      { numRuns: 60 },
    )
  })

  it('returns the same rows page by page', async () => {
    await fc.assert(
      fc.asyncProperty(options, async (scan) => {
        const { limit = 50, ...range } = scan
        const found: string[] = []
        let page = await table.scanPage({ ...range, limit })
        for (;;) {
          expect(page.rows.length).toBeLessThanOrEqual(limit)
          found.push(...page.rows.map(({ row }) => row.toString('latin1')))
          if (!page.next || found.length > keys.length) break
          page = await table.scanPage({ ...range, from: page.next, fromInclusive: true, limit })
        }
        const all = { ...range }
        expect(found).toEqual(model(keys, all))
      }),
      { numRuns: 40 },
    )
  })

  it('returns values, chosen columns, or keys only', async () => {
    const [row] = (await table.scanPage({ from: keys[7] ?? '', limit: 1 })).rows
    expect(row?.value('f', 'q')?.toString()).toBe(`v${keys[7]}`)
    expect(await keysOf(table.scan({ columns: [{ family: 'f', qualifiers: ['other'] }] }))).toEqual([])
    const bare: number[] = []
    for await (const { cells } of table.scan({ keysOnly: true }))
      bare.push(cells.length, cells[0]?.value.length ?? -1)
    expect(bare).toEqual(keys.flatMap(() => [1, 0]))
  })

  it('assembles a row that is larger than a response', async () => {
    await using wide = await makeTable(client)
    const value = Buffer.alloc(1000, 7)
    const puts = ['a', 'b', 'c'].flatMap((row) =>
      Array.from({ length: 200 }, (_, i) => ({
        row,
        family: 'f',
        qualifier: String(i).padStart(3, '0'),
        value,
      })),
    )
    await wide.table.put(puts)
    const sizes: [string, number][] = []
    for await (const { row, cells } of wide.table.scan({ maxBytes: 7500 }))
      sizes.push([row.toString(), cells.length])
    const whole = [
      ['a', 200],
      ['b', 200],
      ['c', 200],
    ]
    expect(sizes).toEqual(whole)
    const page = await wide.table.scanPage({ maxBytes: 7500 })
    expect(page.rows.map(({ cells }) => cells.length)).toEqual([200])
    expect(page.next).toEqual(Buffer.from('a\0'))
  })

  it('can end before its last row, and can be aborted', async () => {
    for await (const { row } of table.scan({ maxBytes: 1 })) {
      expect(row.toString()).toBe(keys[0])
      break
    }
    const controller = new AbortController()
    const seen: string[] = []
    const scan = async () => {
      for await (const { row } of table.scan({ maxBytes: 1, signal: controller.signal })) {
        seen.push(row.toString())
        if (seen.length === 3) controller.abort()
      }
    }
    await expect(scan()).rejects.toMatchObject({ code: 'ABORTED' })
    expect(seen).toEqual(keys.slice(0, 3))
  })

  it('refuses invalid limits', async () => {
    await expect(table.scanPage({ limit: 0 })).rejects.toThrow(TypeError)
    await expect(table.scan({ maxBytes: -1 }).next()).rejects.toThrow(TypeError)
  })
})
