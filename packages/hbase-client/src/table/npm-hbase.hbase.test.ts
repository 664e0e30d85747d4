import { hasGateway, startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { npmHBase, type NpmHBase } from '@hoptrace/hbase-dev/npm-hbase'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createHBaseClient, type HBaseClient } from '../index.js'
import { makeTable } from '../real-hbase.fixture.js'

const sizes = [0, 1, 4096, 300_000]
const valueOf = (bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 31) % 256))

describeRealHBase('a table with printable keys', () => {
  let hbase: HBaseInstance
  let client: HBaseClient
  let other: NpmHBase
  beforeAll(async () => {
    hbase = await startHBase({ rest: hasGateway() })
    client = createHBaseClient({ servers: hbase.url })
    other = npmHBase(hbase.restUrl ?? '')
  })
  afterAll(async () => {
    await client.close()
    await hbase.stop()
  })

  it.runIf(hasGateway())('is read by the npm package hbase as we wrote it, byte for byte', async () => {
    await using made = await makeTable(client, { splitKeys: ['row 3'] })
    const cellOf = (bytes: number) => ({ row: `row ${bytes}`, family: 'f', qualifier: 'q' })
    await made.table.put(sizes.map((bytes) => ({ ...cellOf(bytes), value: valueOf(bytes) })))
    for (const bytes of sizes) {
      const value = await other.get(made.name, `row ${bytes}`, 'f:q')
      expect(value?.equals(valueOf(bytes))).toBe(true)
    }
    expect(await other.get(made.name, 'row 5', 'f:q')).toBeUndefined()
  })

  it.runIf(hasGateway())('is read by us as the npm package hbase wrote it', async () => {
    await using made = await makeTable(client)
    for (const bytes of sizes) await other.put(made.name, `row ${bytes}`, 'f:q', valueOf(bytes))
    for (const bytes of sizes) {
      const row = await made.table.get(`row ${bytes}`)
      expect(row?.value('f', 'q')?.equals(valueOf(bytes))).toBe(true)
    }
  })
})
