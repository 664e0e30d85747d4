import { startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createHBaseClient, HBaseError, type HBaseClient, type Put } from '../index.js'
import { makeTable } from '../real-hbase.fixture.js'

const cell = (row: string | Buffer, value: string | Buffer, qualifier = 'q'): Put => ({
  row,
  family: 'f',
  qualifier,
  value,
})

describeRealHBase('rows of a real HBase', () => {
  let hbase: HBaseInstance
  let client: HBaseClient
  beforeAll(async () => {
    hbase = await startHBase()
    client = createHBaseClient({ servers: hbase.url })
  })
  afterAll(async () => {
    await client.close()
    await hbase.stop()
  })

  it('returns the bytes that were put, whatever they are', async () => {
    await using made = await makeTable(client, { splitKeys: [Buffer.from([0x80])] })
    const values = [0, 1, 4095, 4096, 4097, 300_000].map((bytes) => Buffer.alloc(bytes, 0xe9))
    const rows = values.map((_, i) => Buffer.from([i * 50, 0, 0xff, i]))
    await made.table.put(values.map((value, i) => cell(rows[i] ?? '', value)))
    for (const [i, value] of values.entries()) {
      const row = await made.table.get(rows[i] ?? '')
      expect(row?.row).toEqual(rows[i])
      expect(row?.value('f', 'q')?.equals(value)).toBe(true)
    }
    expect(await made.table.get('absent')).toBeUndefined()
  })

  it('writes all of a large batch over several regions', async () => {
    await using made = await makeTable(client, { splitKeys: ['3', '6', '9'] })
    const rows = Array.from({ length: 2500 }, (_, i) => `${i % 10}-${i}`)
    await made.table.put(rows.map((row) => cell(row, row)))
    const values = await Promise.all(
      rows.map(async (row) => (await made.table.get(row))?.value('f', 'q')?.toString()),
    )
    expect(values).toEqual(rows)
  })

  it('keeps versions and timestamps, and reads chosen columns', async () => {
    await using made = await makeTable(client, { families: [{ name: 'f', versions: 5 }, { name: 'g' }] })
    await made.table.put([
      { ...cell('r', 'old'), timestamp: 5n },
      { ...cell('r', 'new'), timestamp: 9n },
      cell('r', 'other', 'p'),
      { ...cell('r', 'foreign'), family: 'g' },
    ])
    const versions = await made.table.get('r', { columns: [{ family: 'f', qualifiers: ['q'] }], versions: 5 })
    expect(versions?.cells.map(({ timestamp, value }) => [timestamp, value.toString()])).toEqual([
      [9n, 'new'],
      [5n, 'old'],
    ])
    const family = await made.table.get('r', { columns: [{ family: 'g' }] })
    expect(family?.cells.map(({ value }) => value.toString())).toEqual(['foreign'])
    expect((await made.table.get('r'))?.cells).toHaveLength(3)
  })

  it('deletes a column, a family, a row, or cells older than a timestamp', async () => {
    await using made = await makeTable(client, { families: [{ name: 'f', versions: 2 }, { name: 'g' }] })
    const { table } = made
    for (const row of ['column', 'family', 'row', 'older']) {
      await table.put([cell(row, '1'), cell(row, '2', 'p'), { ...cell(row, '3'), family: 'g' }])
    }
    await table.put([{ ...cell('older', 'x', 'z'), timestamp: 10n }])
    await table.delete([
      { row: 'column', family: 'f', qualifier: 'q' },
      { row: 'family', family: 'f' },
      { row: 'row' },
      { row: 'older', timestamp: 10n },
    ])
    const left = async (row: string) => (await table.get(row))?.cells.map(({ value }) => value.toString())
    expect(await left('column')).toEqual(['2', '3'])
    expect(await left('family')).toEqual(['3'])
    expect(await left('row')).toBeUndefined()
    expect(await left('older')).toEqual(['2', '1', '3'])
  })

  it('accepts puts and deletes in one batch', async () => {
    await using made = await makeTable(client, { splitKeys: ['m'] })
    await made.table.put([cell('gone', '1')])
    await made.table.batch([
      { type: 'put', ...cell('a', '1') },
      { type: 'delete', row: 'gone' },
      { type: 'put', ...cell('z', '2') },
    ])
    const found = await Promise.all(['a', 'gone', 'z'].map((row) => made.table.get(row)))
    expect(found.map((row) => row?.value()?.toString())).toEqual(['1', undefined, '2'])
  })

  it('names the rows of a batch that failed, and has written the others', async () => {
    await using made = await makeTable(client, { splitKeys: ['m'] })
    const bad = { ...cell('b', 'x'), family: 'nofamily' }
    const tooLarge = cell('y', Buffer.alloc(11 * 1024 * 1024))
    const error = await made.table
      .put([cell('a', '1'), bad, cell('c', '2'), tooLarge, cell('z', '3')])
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(HBaseError)
    expect(error).toMatchObject({
      code: 'FAMILY_NOT_FOUND',
      failures: [
        { index: 1, error: { code: 'FAMILY_NOT_FOUND' } },
        { index: 3, error: { code: 'TOO_LARGE' } },
      ],
    })
    const found = await Promise.all(['a', 'c', 'z'].map((row) => made.table.get(row)))
    expect(found.map((row) => row?.value()?.toString())).toEqual(['1', '2', '3'])
  })

  it('does nothing for an empty batch, and refuses keys that HBase cannot hold', async () => {
    const table = client.table('absent')
    await expect(table.put([])).resolves.toBeUndefined()
    await expect(table.put([cell('', 'v')])).rejects.toThrow(TypeError)
    await expect(table.get(Buffer.alloc(32_768))).rejects.toMatchObject({ code: 'TOO_LARGE' })
    await expect(table.delete([{ row: 'r', qualifier: 'q' }])).rejects.toThrow(TypeError)
    expect(() => client.table('a b')).toThrow(TypeError)
    await expect(table.get('r', { timeoutMillis: Number.NaN })).rejects.toThrow(TypeError)
  })

  it('rejects with TABLE_NOT_FOUND and TABLE_DISABLED without waiting for its deadline', async () => {
    const absent = client.table('absent')
    const patient = { timeoutMillis: 1e12 }
    await expect(absent.get('r', patient)).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    await expect(absent.put([cell('r', 'v')], patient)).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    await expect(absent.scan(patient).next()).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    await using made = await makeTable(client)
    await made.table.put([cell('r', 'v')])
    await client.admin.disableTable(made.name)
    await expect(made.table.get('r', patient)).rejects.toMatchObject({ code: 'TABLE_DISABLED' })
    await expect(made.table.put([cell('r', 'v')], patient)).rejects.toMatchObject({ code: 'TABLE_DISABLED' })
    await expect(made.table.scanPage(patient)).rejects.toMatchObject({ code: 'TABLE_DISABLED' })
  })

  it('recovers when a table is dropped and made again', async () => {
    await using made = await makeTable(client)
    await made.table.put([cell('r', 'old')])
    await client.admin.disableTable(made.name)
    await client.admin.deleteTable(made.name)
    await expect(made.table.get('r')).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    await client.admin.createTable({ name: made.name, families: [{ name: 'f' }], splitKeys: ['m'] })
    expect(await made.table.get('r')).toBeUndefined()
    await made.table.put([cell('r', 'new')])
    expect((await made.table.get('r'))?.value()?.toString()).toBe('new')
  })

  it('finds the cluster through a region server, even if other configured servers are down', async () => {
    // In HBase 2.4, only masters answer this question.
    const throughRegionServer = /^2\.4\./.test(process.env['HBASE_VERSION'] ?? '')
      ? []
      : [hbase.regionServerUrl]
    const throughMaster = `hbase://127.0.0.1:1,${hbase.url.slice('hbase://'.length)}`
    for (const servers of [...throughRegionServer, throughMaster]) {
      await using other = createHBaseClient({ servers })
      expect(await other.admin.listTables()).toBeInstanceOf(Array)
      await expect(other.table('absent').get('r')).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    }
  })

  it('ends operations with ABORTED on a signal, and with CLOSED after close', async () => {
    await using made = await makeTable(client)
    await using other = createHBaseClient({ servers: hbase.url })
    const table = other.table(made.name)
    await table.put([cell('r', 'v')])
    const signal = AbortSignal.abort()
    await expect(table.get('r', { signal })).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(table.put([cell('r', 'v')], { signal })).rejects.toMatchObject({ code: 'ABORTED' })
    const controller = new AbortController()
    const underWay = table.get('r', { signal: controller.signal })
    controller.abort()
    await expect(underWay).rejects.toMatchObject({ code: 'ABORTED' })
    const closing = expect(table.get('r')).rejects.toMatchObject({ code: 'CLOSED' })
    await other.close()
    await closing
    await expect(table.get('r')).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
