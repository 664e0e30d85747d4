import { randomUUID } from 'node:crypto'
import type { CreateTableOptions, HBaseClient, Table } from './index.js'

/** A new table with family `f`; `dispose` removes it. */
export async function makeTable(
  client: HBaseClient,
  options: Partial<CreateTableOptions> = {},
): Promise<{ table: Table; name: string; [Symbol.asyncDispose](): Promise<void> }> {
  const name = `t_${randomUUID().slice(0, 8)}`
  await client.admin.createTable({ name, families: [{ name: 'f' }], ...options })
  return {
    table: client.table(name),
    name,
    async [Symbol.asyncDispose]() {
      if ((await client.admin.tableState(name)) === 'enabled') await client.admin.disableTable(name)
      await client.admin.deleteTable(name)
    },
  }
}

/** All keys of a scan, as text. */
export async function keysOf(rows: AsyncIterable<{ row: Buffer }>): Promise<string[]> {
  const keys: string[] = []
  for await (const { row } of rows) keys.push(row.toString('latin1'))
  return keys
}
