import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { HopJson } from '@hoptrace/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { query } from './duckdb.fixture.js'
import { hop, idAt } from './hop.fixture.js'
import { HopFiles, type FileCounts } from './index.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-parquet-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function write(...hops: readonly HopJson[]): Promise<FileCounts> {
  const files = new HopFiles(dir)
  for (const one of hops) await files.add(one)
  await files.flush()
  await files.close()
  return files.counts
}

const names = async (): Promise<string[]> =>
  (await readdir(dir, { recursive: true })).filter((name) => !/^[^/]*$|hour=[^/]*$/.test(name)).sort()

describe('HopFiles', () => {
  it('writes all that a hop has, as DuckDB reads it', async () => {
    await write(
      hop(1),
      hop(2, { state: 'interrupted', status: null, durationMicros: null, next: [], events: [], keys: {} }),
    )
    const rows = await query(dir, 'select * from hops order by hop_id')
    expect(rows[0]).toEqual({
      hop_id: idAt(1),
      trace_id: idAt(0),
      service: 'orders',
      hour: '2026-11-29T10',
      instance: '192.168.0.1:4000',
      method: 'POST',
      route: '/orders',
      status: 201,
      state: 'closed',
      start_time: '2026-11-29 10:00:00.123456+00',
      start_nanos: '1795946400123456789',
      duration_micros: '1500',
      error: null,
      aborted: false,
      keys: [{ key: 'orderId', value: '42' }],
      attributes: [
        { key: 'items', value: '3' },
        { key: 'express', value: 'true' },
        { key: 'note', value: 'fragile' },
      ],
      events: [
        {
          name: 'order.accepted',
          time: '2026-11-29 10:00:00.123466+00',
          offset_micros: '10',
          attributes: [{ key: 'items', value: '3' }],
        },
        {
          name: 'order.done',
          time: '2026-11-29 10:00:00.124456+00',
          offset_micros: '1000',
          attributes: [],
        },
      ],
      calls: [
        {
          hop_id: idAt(2),
          target: '127.0.0.1:4002',
          service: 'payments',
          method: 'POST',
          outcome: '201',
          offset_micros: '20',
          duration_micros: '900',
        },
      ],
      crash: null,
      shed: '0',
      lost: '0',
    })
    expect(rows[1]).toMatchObject({ state: 'interrupted', status: null, calls: [], events: [], keys: [] })
  })

  it('keeps hostile names and texts inside their column and their directory', async () => {
    const names = [
      '../../etc',
      'a/b=c?d',
      '__HIVE_DEFAULT_PARTITION__',
      '.hidden',
      'größe',
      '1e3',
      "o'r",
      'a%2Fb',
      'x ',
    ].sort()
    const text = 'a\u0000b\n\u202e"'
    for (const service of names)
      await write(hop(1, { service, route: text, keys: JSON.parse('{"__proto__":"x"}') as HopJson['keys'] }))
    const rows = await query(dir, 'select service, route, keys from hops')
    expect(rows.map(({ service }) => service).sort()).toEqual(names)
    expect(rows.map(({ route, keys }) => ({ route, keys }))).toEqual(
      names.map(() => ({ route: text, keys: [{ key: '__proto__', value: 'x' }] })),
    )
    const top = await readdir(dir)
    expect(top).toHaveLength(names.length)
    expect(top.every((name) => name.startsWith('service='))).toBe(true)
  })

  it('refuses a service whose name no directory can have', async () => {
    await expect(write(hop(1, { service: 'x'.repeat(300) }))).rejects.toThrow(/cannot be the name/)
    await expect(write(hop(1, { service: '' }))).rejects.toThrow(/cannot be the name/)
  })

  it('puts each hop into the hour of its id, and names each file after its ids', async () => {
    const later = 3_600_000_000_000
    expect(await write(hop(1), hop(2), hop(later))).toMatchObject({ hops: 3, files: 2 })
    expect(await names()).toEqual([
      `service=orders/hour=2026-11-29T10/${idAt(1)}_${idAt(2)}.parquet`,
      `service=orders/hour=2026-11-29T11/${idAt(later)}_${idAt(later)}.parquet`,
    ])
  })

  it('writes a hop once, however often and in whatever parts it is added', async () => {
    expect(await write(hop(10), hop(30))).toMatchObject({ hops: 2, known: 0, files: 1 })
    expect(await write(hop(10), hop(30))).toMatchObject({ hops: 0, known: 2, files: 0 })
    expect(await write(hop(5), hop(10), hop(20), hop(30), hop(40))).toMatchObject({
      hops: 3,
      known: 2,
      files: 1,
    })
    expect(await write(hop(20), hop(25), hop(40))).toMatchObject({ hops: 1, known: 2, files: 1 })
    const [row] = await query(dir, 'select count(*) n, count(distinct hop_id) ids from hops')
    expect(row).toEqual({ n: '6', ids: '6' })
  })

  it('writes row groups of a bounded number of hops, and finds each of them again', async () => {
    const many = Array.from({ length: 45_000 }, (_, at) => hop(at, { events: [], next: [], attributes: {} }))
    expect(await write(...many)).toMatchObject({ hops: 45_000, files: 1 })
    const groups = await query(
      dir,
      `select distinct row_group_id, row_group_num_rows n from parquet_metadata('${dir}/*/*/*.parquet') order by 1`,
    )
    expect(groups.map(({ n }) => n)).toEqual(['20000', '20000', '5000'])
    const codecs = await query(
      dir,
      `select distinct compression c from parquet_metadata('${dir}/*/*/*.parquet')`,
    )
    expect(codecs).toEqual([{ c: 'ZSTD' }])
    expect(await write(...many)).toMatchObject({ hops: 0, known: 45_000, files: 0 })
  })

  it('leaves nothing of what is discarded', async () => {
    const files = new HopFiles(dir)
    for (let at = 0; at < 20_001; at++) await files.add(hop(at, { events: [], next: [], attributes: {} }))
    await files.discard()
    await files.close()
    expect(await readdir(dir)).toEqual([])
    await files.add(hop(1))
    await files.flush()
    expect(files.counts).toMatchObject({ hops: 1, files: 1 })
  })

  it('removes what a killed export left behind, not what another one writes', async () => {
    const killed = new HopFiles(dir)
    for (let at = 0; at < 20_000; at++) await killed.add(hop(at, { events: [], next: [], attributes: {} }))
    const [left = ''] = await readdir(path.join(dir, '_temporary'))
    await write(hop(1))
    expect(await readdir(path.join(dir, '_temporary'))).toEqual([left])
    await utimes(path.join(dir, '_temporary', left), 0, 0)
    await write(hop(2))
    expect(await readdir(dir)).toEqual(['service=orders'])
  })

  it('names a file of its own that is damaged, and passes over other files', async () => {
    await write(hop(1))
    const folder = path.join(dir, 'service=orders/hour=2026-11-29T10')
    await writeFile(path.join(folder, 'notes.txt'), 'mine')
    expect(await write(hop(1))).toMatchObject({ known: 1 })
    await writeFile(path.join(folder, `${idAt(1)}_${idAt(1)}.parquet`), 'PAR1 not really')
    await expect(write(hop(1))).rejects.toThrow(/_[0-9a-f]+\.parquet cannot be read/)
  })

  it('says that another export writes the same hops', async () => {
    const [one, other] = [new HopFiles(dir), new HopFiles(dir)]
    await one.add(hop(1))
    await other.add(hop(1))
    await one.flush()
    await expect(other.flush()).rejects.toThrow(/another export/)
  })
})
