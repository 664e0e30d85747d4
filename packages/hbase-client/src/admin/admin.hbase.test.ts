import { startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createHBaseClient, type HBaseClient } from '../index.js'
import { makeTable } from '../real-hbase.fixture.js'

describeRealHBase('tables of a real HBase', () => {
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

  it('creates a table with the given settings', async () => {
    const families = [
      {
        name: 'f',
        ttlSeconds: 3600,
        versions: 3,
        bloomFilter: 'NONE',
        dataBlockEncoding: 'FAST_DIFF',
        compression: 'GZ',
        blockSize: 16_384,
      },
      { name: 'g' },
    ] as const
    await using made = await makeTable(client, { families, splitKeys: ['b', Buffer.from([0xff, 0])] })
    const description = await client.admin.describeTable(made.name)
    expect(description).toMatchObject({
      name: made.name,
      families: [families[0], { name: 'g', versions: 1 }],
    })
    expect(description.families[1]?.ttlSeconds).toBeUndefined()
    expect((await client.admin.regions(made.name)).map(({ start }) => start.toString('hex'))).toEqual([
      '',
      '62',
      'ff00',
    ])
    expect(await client.admin.tableExists(made.name)).toBe(true)
    expect(await client.admin.listTables()).toContain(made.name)
  })

  it('disables and enables a table', async () => {
    await using made = await makeTable(client)
    await made.table.put([{ row: 'r', family: 'f', qualifier: 'q', value: 'v' }])
    await client.admin.disableTable(made.name)
    expect(await client.admin.tableState(made.name)).toBe('disabled')
    await expect(client.admin.disableTable(made.name)).rejects.toMatchObject({ code: 'TABLE_DISABLED' })
    await client.admin.enableTable(made.name)
    expect(await client.admin.tableState(made.name)).toBe('enabled')
    expect((await made.table.get('r'))?.value('f', 'q')?.toString()).toBe('v')
  })

  it('rejects with a code that says what is wrong', async () => {
    await using made = await makeTable(client)
    const { admin } = client
    await expect(admin.createTable({ name: made.name, families: [{ name: 'f' }] })).rejects.toMatchObject({
      code: 'TABLE_EXISTS',
      exceptionClass: 'org.apache.hadoop.hbase.TableExistsException',
    })
    await expect(admin.deleteTable(made.name)).rejects.toMatchObject({ code: 'TABLE_NOT_DISABLED' })
    await expect(admin.describeTable('absent')).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    await expect(admin.deleteTable('absent')).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    await expect(admin.enableTable('absent')).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    await expect(admin.tableState('absent')).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    await expect(admin.enableTable(made.name)).rejects.toMatchObject({ code: 'TABLE_NOT_DISABLED' })
    const homeless = { name: 'absent:t', families: [{ name: 'f' }] }
    await expect(admin.createTable(homeless)).rejects.toMatchObject({ code: 'REMOTE', recovery: 'none' })
    await expect(admin.regions('absent')).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    expect(await admin.tableExists('absent')).toBe(false)
  })

  it('refuses invalid schemas before it asks a server', async () => {
    const create = (name: string, ...families: { name: string; ttlSeconds?: number }[]) =>
      client.admin.createTable({ name, families })
    await expect(create('a b', { name: 'f' })).rejects.toThrow(TypeError)
    await expect(create('t')).rejects.toThrow(TypeError)
    await expect(create('t', { name: 'f:g' })).rejects.toThrow(TypeError)
    await expect(create('t', { name: 'f', ttlSeconds: 0 })).rejects.toThrow(TypeError)
  })
})
