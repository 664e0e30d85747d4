import { startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createHBaseClient, type HBaseClient } from './index.js'
import { keysOf, makeTable } from './real-hbase.fixture.js'
import { expectAll, key, startWriting } from './steady-writer.fixture.js'

describeRealHBase('when the whole cluster is killed', () => {
  let hbase: HBaseInstance
  let client: HBaseClient
  beforeAll(async () => {
    hbase = await startHBase({ name: 'client-crash' })
    client = createHBaseClient({ servers: hbase.url })
  })
  afterAll(async () => {
    await client.close()
    await hbase.wipe()
  })

  it('all rows acknowledged before, during and after the kill are there', async () => {
    await using made = await makeTable(client, { splitKeys: ['000500', '001000', '002000'] })
    const { table } = made
    const writing = startWriting(table)
    await writing.reached(2000)
    const scanning = table.scan({ maxBytes: 3000, timeoutMillis: 90_000 })
    expect((await scanning.next()).value?.row.toString()).toBe(key(0))

    await hbase.kill9()
    await expect(table.get(key(0), { timeoutMillis: 200 })).rejects.toMatchObject({
      code: expect.stringMatching(/^(UNREACHABLE|TIMEOUT)$/) as unknown,
      recovery: 'later',
    })
    const before = writing.acknowledged.length
    await hbase.restart()
    await writing.reached(before + 1000)
    await writing.stop()
    await expectAll(table, writing.acknowledged)

    // The scan that was open before the crash continues where it was.
    const rest = new Set(await keysOf(scanning))
    expect(writing.acknowledged.filter((n) => n > 0 && n < 2000 && !rest.has(key(n)))).toEqual([])
  })

  it('a small row acknowledged immediately before the kill is there', async () => {
    await using made = await makeTable(client)
    await using careless = await makeTable(client, { durability: 'SKIP_WAL' })
    for (const row of ['1', '2', '3']) {
      const cell = { row, family: 'f', qualifier: 'q', value: 'small' }
      await careless.table.put([cell])
      await made.table.put([cell])
    }
    await hbase.kill9()
    await hbase.restart()
    expect(await keysOf(made.table.scan())).toEqual(['1', '2', '3'])
    // Rows without a log entry are gone. So the kill was real, and the rows above survived only through the
    // log.
    expect(await keysOf(careless.table.scan())).toEqual([])
  })
})
