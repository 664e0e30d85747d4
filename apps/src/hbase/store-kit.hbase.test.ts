import { randomUUID } from 'node:crypto'
import { createHBaseClient } from '@hoptrace/hbase-client'
import { openStore } from '@hoptrace/core/store'
import { afterAll, beforeAll } from 'vitest'
import { hasGateway, startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { storeKit } from '@hoptrace/testkit/store'

describeRealHBase('the store of HBase tables', () => {
  let hbase: HBaseInstance
  const left: Promise<unknown>[] = []
  beforeAll(async () => {
    hbase = await startHBase({ rest: hasGateway() })
  })
  afterAll(async () => {
    await Promise.all(left)
    await hbase.stop()
  })

  const dropTable = async (table: string): Promise<void> => {
    const client = createHBaseClient({ servers: hbase.url })
    try {
      if (!(await client.admin.tableExists(table))) return
      await client.admin.disableTable(table)
      await client.admin.deleteTable(table)
    } finally {
      await client.close()
    }
  }
  const kit = (name: string, url: () => string): void =>
    storeKit({
      name,
      create: async () => {
        // A master that drops many tables at once makes none in time.
        if (left.length >= 8) await Promise.all(left.splice(0))
        const table = `kit_${randomUUID().slice(0, 8)}`
        const spec = { kind: 'hbase', url: url(), table, buckets: 4 } as const
        return {
          connect: () => openStore(spec, { dataDir: '.', service: 'kit' }),
          away: async () => {
            const client = createHBaseClient({ servers: hbase.url })
            await client.admin.disableTable(table)
            return {
              back: async () => {
                await client.admin.enableTable(table)
                await client.close()
              },
            }
          },
          // Dropped in the background, because no later test needs the table.
          remove: async () => void left.push(dropTable(table)),
        }
      },
    })

  kit('over its own RPC', () => hbase.url)
  if (hasGateway()) kit('over a REST gateway', () => `hbase+${hbase.restUrl}`)
})
