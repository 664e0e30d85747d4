import { startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createHBaseClient, type HBaseClient } from './index.js'
import { keysOf, makeTable } from './real-hbase.fixture.js'
import { expectAll, key, startWriting } from './steady-writer.fixture.js'

describeRealHBase('while regions move between servers', () => {
  let hbase: HBaseInstance
  let client: HBaseClient
  beforeAll(async () => {
    hbase = await startHBase({ name: 'client-regions', regionServers: 2 })
    client = createHBaseClient({ servers: hbase.url })
  })
  afterAll(async () => {
    await client.close()
    await hbase.wipe()
  })

  it('reads and writes continue through split, move and merge, and no row is lost or seen twice', async () => {
    await using made = await makeTable(client, { splitKeys: ['001000', 'fixed-000100', 'fixed-000200'] })
    const { table, name } = made
    const { admin } = client
    const fixed = Array.from({ length: 300 }, (_, i) => `fixed-${key(i)}`)
    await table.put(fixed.map((row) => ({ row, family: 'f', qualifier: 'q', value: row })))
    const writing = startWriting(table, 2, 20)
    let reading = true
    const readers = [
      async () => {
        while (reading) expect(await keysOf(table.scan({ prefix: 'fixed-', maxBytes: 2000 }))).toEqual(fixed)
      },
      async () => {
        for (let i = 0; reading; i = (i + 7) % fixed.length) {
          expect((await table.get(fixed[i] ?? ''))?.value()?.toString()).toBe(fixed[i])
        }
      },
    ].map((read) => read())

    await writing.reached(200)
    const region = async (row: string) => {
      const regions = await admin.regions(name)
      const found = regions.findLast(({ start }) => start.compare(Buffer.from(row)) <= 0)
      if (!found) throw new Error(`no region of ${row}`)
      return found
    }
    const servers = new Map((await admin.regions(name)).map((one) => [one.server.port, one]))
    expect(servers.size).toBe(2)
    const away = async (row: string) => {
      const from = await region(row)
      const to = [...servers.values()].find(({ server }) => server.port !== from.server.port)
      if (to) await admin.moveRegion(from, to)
      expect((await region(row)).server.port).toBe(to?.server.port)
    }
    // A daughter cannot be split or merged before its compaction, so each change has a separate region.
    await away('fixed-')
    await admin.mergeRegions([await region('fixed-'), await region(fixed[150] ?? '')])
    await away('000000')
    await admin.splitRegion(await region('000000'), '000300')
    await admin.splitRegion(await region(fixed[250] ?? ''), fixed[250] ?? '')
    await away('fixed-')
    await writing.reached(writing.acknowledged.length + 200)

    reading = false
    await writing.stop()
    await Promise.all(readers)
    await expectAll(table, writing.acknowledged)
  })
})
