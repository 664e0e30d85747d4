import { openStore, type Row, type Store } from '@hoptrace/core/store'
import { startServer, type RunningServer } from '@hoptrace/servers-dev'
import { describeRealServer } from '@hoptrace/servers-dev/suite'
import { serverStoreSuite } from '@hoptrace/servers-dev/store-suite'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'

serverStoreSuite('redis')

describeRealServer('redis', 'what only Redis does', () => {
  let server: RunningServer
  let admin: ReturnType<typeof clientOf>
  const clientOf = (url: string) => createClient({ url })
  beforeAll(async () => {
    server = await startServer('redis')
    admin = clientOf(server.url)
    await admin.connect()
  })
  afterAll(async () => {
    admin.destroy()
    await server.wipe()
  })

  const connect = (service: string): Store => {
    const store = openStore({ kind: 'redis', url: server.url }, { dataDir: '.', service })
    onTestFinished(() => store.close())
    return store
  }
  const rowOf = (key: string, bytes = 10): Row => ({ key: Buffer.from(key), value: Buffer.alloc(bytes, key) })
  const range = { from: Buffer.from('a'), to: Buffer.from('z'), limit: 1000 }
  const set = async (name: string, value: string, back: string): Promise<void> => {
    await admin.configSet(name, value)
    onTestFinished(async () => void (await admin.configSet(name, back)))
  }
  const unavailable = (text: string): object => ({
    code: 'HOPTRACE_STORE_UNAVAILABLE',
    message: expect.stringContaining(text) as string,
  })

  it('refuses a server that evicts', async () => {
    await set('maxmemory-policy', 'allkeys-lru', 'noeviction')
    const store = connect('evicted')
    await expect(store.put([rowOf('a')])).rejects.toMatchObject(unavailable('maxmemory-policy noeviction'))
    await expect(store.scan(range)).rejects.toMatchObject(unavailable('a missing record would prove nothing'))
  })

  it('keeps its rows with a policy that evicts only keys with a time to live', async () => {
    await set('maxmemory-policy', 'volatile-lru', 'noeviction')
    const store = connect('volatile')
    await store.put([rowOf('a')])
    expect(await store.scan(range)).toHaveLength(1)
  })

  it('rejects reads when its rows were evicted or deleted, and is made again by the next put', async () => {
    const store = connect('deleted')
    await store.put([rowOf('a')])
    await admin.del('hoptrace:deleted')
    await expect(store.scan(range)).rejects.toMatchObject(unavailable('there is no such store'))
    await store.put([rowOf('b')])
    expect(await store.scan(range)).toHaveLength(1)
  })

  it('rejects a put when the memory is full, keeps what it has, and accepts more when there is room', async () => {
    const store = connect('full')
    await store.put([rowOf('a')])
    const { used_memory: used } = Object.fromEntries(
      (await admin.info('memory')).split('\r\n').map((line) => line.split(':', 2)),
    ) as Record<string, string>
    await set('maxmemory', String(Number(used) + 200_000), '0')
    const rows = Array.from({ length: 40 }, (_, i) => rowOf(`k${i}`, 100_000))
    await expect(store.put(rows)).rejects.toMatchObject(unavailable('OOM'))
    expect((await store.scan(range)).length).toBeGreaterThan(0)
    await admin.configSet('maxmemory', '0')
    await store.put(rows)
    expect(await store.scan(range)).toHaveLength(41)
  })

  it('refuses a key of another program', async () => {
    await admin.set('hoptrace:text', 'text')
    await admin.zAdd('hoptrace:set', { score: 0, value: 'member' })
    for (const service of ['text', 'set'])
      await expect(connect(service).put([rowOf('a')])).rejects.toMatchObject(
        unavailable('belongs to another program'),
      )
  })

  it('says when the server forgets what it has acknowledged', async () => {
    await set('appendonly', 'no', 'yes')
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    onTestFinished(() => warn.mockRestore())
    await connect('forgetful').put([rowOf('a')])
    await connect('forgetful-2').put([rowOf('a')])
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining('appendonly no'), { type: 'HoptraceWarning', code: 'HOPTRACE_STORE' }],
    ])
  })

  it('leaves one version of a row, however often it is replaced', async () => {
    const store = connect('replaced')
    for (let i = 0; i < 20; i++) await store.put([rowOf('a'), rowOf('b', i)])
    // Two rows, and what marks the set.
    expect(await admin.zCard('hoptrace:replaced')).toBe(3)
    expect((await store.scan({ ...range, limit: 2 })).map(({ value }) => value.length)).toEqual([10, 19])
  })

  it('returns a range of many megabytes complete', async () => {
    const store = connect('large')
    await store.put(Array.from({ length: 150 }, (_, i) => rowOf(`k${String(i).padStart(3, '0')}`, 90_000)))
    const rows = await store.scan(range)
    expect(rows.map(({ key }) => Buffer.from(key).toString())).toEqual(
      Array.from({ length: 150 }, (_, i) => `k${String(i).padStart(3, '0')}`),
    )
  })
})
