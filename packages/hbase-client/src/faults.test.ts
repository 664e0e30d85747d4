import { setTimeout as sleep } from 'node:timers/promises'
import { startHBase, type HBaseInstance } from '@hoptrace/testkit/hbase-dev'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHBaseClient, type HBaseClient, type Put, type Table } from './index.js'
import { keysOf, makeTable, unavailable } from './real-hbase.fixture.js'

const key = (n: number) => String(n).padStart(6, '0')
const put = (n: number): Put => ({
  row: key(n),
  family: 'f',
  qualifier: 'q',
  value: `value ${n}`.padEnd(700, '.'),
})

/** Writes batch after batch, and tells which rows were acknowledged, until `stop`. */
function startWriting(table: Table, writers = 4, batchSize = 25) {
  const acknowledged: number[] = []
  let next = 0
  let stopped = false
  const write = async () => {
    while (!stopped) {
      const batch = Array.from({ length: batchSize }, () => next++)
      await table.put(batch.map(put), { timeoutMillis: 90_000 })
      acknowledged.push(...batch)
    }
  }
  const done = Promise.all(Array.from({ length: writers }, write))
  done.catch(() => undefined)
  const reached = async (count: number) => {
    while (acknowledged.length < count) await Promise.race([sleep(5), done])
  }
  const stop = async () => {
    stopped = true
    await done
  }
  return { acknowledged, reached, stop }
}

async function expectAll(table: Table, acknowledged: readonly number[]): Promise<void> {
  const found = new Map<string, string>()
  for await (const row of table.scan()) found.set(row.row.toString(), row.value('f', 'q')?.toString() ?? '')
  const missing = acknowledged.filter((n) => found.get(key(n)) !== put(n).value)
  expect(missing).toEqual([])
}

describe.skipIf(unavailable)('while the cluster changes', () => {
  let hbase: HBaseInstance
  let client: HBaseClient
  beforeAll(async () => {
    hbase = await startHBase({ name: 'client-faults', regionServers: 2 })
    client = createHBaseClient({ servers: hbase.url })
  })
  afterAll(async () => {
    await client.close()
    await hbase.wipe()
  })

  it('reads and writes go on through split, move and merge, and no row is lost or seen twice', async () => {
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
    // A daughter cannot be split or merged before its compaction, so each change has a region of its own.
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

  it('what was acknowledged before, during and after SIGKILL of the whole cluster is there', async () => {
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

    // The scan that was open before the crash goes on where it was.
    const rest = new Set(await keysOf(scanning))
    expect(writing.acknowledged.filter((n) => n > 0 && n < 2000 && !rest.has(key(n)))).toEqual([])
  })
})
