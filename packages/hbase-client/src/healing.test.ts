import { describe, expect, it } from 'vitest'
import { fakeCluster, found, regionName, type Answer } from './fake-cluster.fixture.js'
import { createHBaseClient, type HBaseClient } from './index.js'
import { GetResponse, MultiRequest, MultiResponse, TableStateValue } from './proto/hbase.js'
import { decode } from './proto/message.js'

const patient = { timeoutMillis: 60_000 }
const value = async (client: HBaseClient, row: string, options = patient) =>
  (await client.table('t').get(row, options))?.value('f', 'q')?.toString()

/** Returns the answers one after the other, then always the last one. */
function inTurn(...answers: Answer[]): () => Answer {
  return () => (answers.length > 1 ? answers.shift() : answers[0]) ?? 'x.NoAnswer'
}

describe('a region that has moved', () => {
  it('is looked up once, and again only after it has moved', async () => {
    await using cluster = await fakeCluster()
    await using client = createHBaseClient({ servers: cluster.url })
    cluster.answer = () => found('r', 'v')
    await Promise.all(Array.from({ length: 20 }, () => value(client, 'r')))
    expect(cluster.lookups).toBe(1)
    cluster.answer = inTurn('org.apache.hadoop.hbase.exceptions.RegionMovedException', found('r', 'w'))
    expect(await value(client, 'r')).toBe('w')
    expect(cluster.lookups).toBe(2)
  })

  it('is replaced by its daughters after a split, and by the merged region after a merge', async () => {
    await using cluster = await fakeCluster()
    await using client = createHBaseClient({ servers: cluster.url })
    cluster.answer = (_, region) =>
      cluster.regions.some((one) => regionName(one) === region)
        ? found('r', region)
        : 'x.NotServingRegionException'
    expect(await value(client, 'x')).toBe(regionName({ start: '', end: '', id: 1 }))
    const daughters = [
      { start: '', end: 'm', id: 2 },
      { start: 'm', end: '', id: 2 },
    ]
    cluster.regions = daughters
    expect(await value(client, 'x')).toBe(regionName({ start: 'm', end: '', id: 2 }))
    expect(await value(client, 'a')).toBe(regionName({ start: '', end: 'm', id: 2 }))
    cluster.regions = [{ start: '', end: '', id: 3 }]
    expect(await value(client, 'x')).toBe(regionName({ start: '', end: '', id: 3 }))
    const lookups = cluster.lookups
    expect(await value(client, 'a')).toBe(regionName({ start: '', end: '', id: 3 }))
    expect(cluster.lookups).toBe(lookups)
  })

  it('delays an operation while it is closed, or while hbase:meta has a hole', async () => {
    for (const passing of [
      { start: '', end: '', id: 1, closed: true },
      { start: '', end: 'a', id: 1 },
    ]) {
      await using cluster = await fakeCluster()
      await using client = createHBaseClient({ servers: cluster.url })
      cluster.answer = () => found('r', 'v')
      cluster.regions = [passing]
      const reading = value(client, 'r')
      while (cluster.lookups < 3) await new Promise((resolve) => setTimeout(resolve, 5))
      cluster.regions = [{ start: '', end: '', id: 2 }]
      expect(await reading).toBe('v')
    }
  })

  it('does not delay an operation if its table is disabled or gone', async () => {
    await using cluster = await fakeCluster()
    await using client = createHBaseClient({ servers: cluster.url })
    cluster.answer = () => 'x.NotServingRegionException'
    cluster.state = TableStateValue.DISABLED
    await expect(value(client, 'r')).rejects.toMatchObject({ code: 'TABLE_DISABLED' })
    cluster.state = undefined
    await expect(value(client, 'r')).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    cluster.regions = []
    await expect(value(client, 'r')).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
  })

  it('stays in the cache if its server is only busy', async () => {
    await using cluster = await fakeCluster()
    await using client = createHBaseClient({ servers: cluster.url })
    for (const busy of [
      'RegionTooBusyException',
      'CallQueueTooBigException',
      'quotas.RpcThrottlingException',
    ]) {
      cluster.answer = inTurn(`org.apache.hadoop.hbase.${busy}`, found('r', busy))
      expect(await value(client, 'r')).toBe(busy)
    }
    expect(cluster.lookups).toBe(1)
    cluster.answer = inTurn('org.apache.hadoop.hbase.RegionTooBusyException')
    await expect(value(client, 'r', { timeoutMillis: 100 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      exceptionClass: 'org.apache.hadoop.hbase.RegionTooBusyException',
    })
  })
})

describe('a half-open connection', () => {
  it('is replaced by a new one', async () => {
    await using cluster = await fakeCluster()
    await using client = createHBaseClient({ servers: cluster.url, attemptTimeoutMillis: 50 })
    cluster.answer = () => found('r', 'v')
    expect(await value(client, 'r')).toBe('v')
    cluster.freeze()
    expect(await value(client, 'r')).toBe('v')
  })
})

describe('an incomplete answer', () => {
  it('is an error, never an absent row', async () => {
    await using cluster = await fakeCluster()
    await using client = createHBaseClient({ servers: cluster.url })
    cluster.answer = () => ({ schema: GetResponse, message: { result: { associatedCellCount: 1 } } })
    await expect(value(client, 'r')).rejects.toMatchObject({ code: 'PROTOCOL' })
    cluster.answer = () => ({ schema: GetResponse, message: { result: { associatedCellCount: 0 } } })
    expect(await value(client, 'r')).toBeUndefined()
  })

  it('is not an acknowledgement of a row', async () => {
    await using cluster = await fakeCluster()
    await using client = createHBaseClient({ servers: cluster.url })
    const cells = ['a', 'b', 'c'].map((row) => ({ row, family: 'f', qualifier: 'q', value: 'v' }))
    const put = () => client.table('t').put(cells, patient)
    cluster.answer = () => ({ schema: MultiResponse, message: {} })
    await expect(put()).rejects.toMatchObject({
      code: 'PROTOCOL',
      failures: [{ index: 0 }, { index: 1 }, { index: 2 }],
    })
    const entry = (index: number) => ({ index, result: {} })
    cluster.answer = () => ({
      schema: MultiResponse,
      message: { regionActionResult: [{ resultOrException: [entry(0), entry(2)] }] },
    })
    await expect(put()).rejects.toMatchObject({ code: 'PROTOCOL', failures: [{ index: 1 }] })
  })

  it('also names the permanent failures', async () => {
    await using cluster = await fakeCluster()
    await using client = createHBaseClient({ servers: cluster.url })
    const exception = { name: 'org.apache.hadoop.hbase.DoNotRetryIOException', value: Buffer.from('never') }
    cluster.answer = () => ({ schema: MultiResponse, message: { regionActionResult: [{ exception }] } })
    const put = client.table('t').put([{ row: 'a', family: 'f', qualifier: 'q', value: 'v' }], patient)
    await expect(put).rejects.toMatchObject({
      code: 'REMOTE',
      exceptionClass: exception.name,
      failures: [{ index: 0 }],
    })
  })

  it('does not send acknowledged rows again', async () => {
    await using cluster = await fakeCluster()
    await using client = createHBaseClient({ servers: cluster.url })
    const sent: string[][] = []
    cluster.answer = (_, __, request) => {
      const [action] = decode(MultiRequest, request).regionAction
      const rows = (action?.action ?? []).map(({ mutation }) => Buffer.from(mutation?.row ?? []).toString())
      sent.push(rows)
      const exception = { name: 'org.apache.hadoop.hbase.RegionTooBusyException', value: Buffer.from('busy') }
      const resultOrException = rows.map((row, index) =>
        row === 'b' && sent.length === 1 ? { index, exception } : { index, result: {} },
      )
      return { schema: MultiResponse, message: { regionActionResult: [{ resultOrException }] } }
    }
    const cells = ['a', 'b', 'c'].map((row) => ({ row, family: 'f', qualifier: 'q', value: 'v' }))
    await client.table('t').put(cells, patient)
    expect(sent).toEqual([['a', 'b', 'c'], ['b']])
  })
})
