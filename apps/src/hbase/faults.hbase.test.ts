import { createServer as createHttpServer } from 'node:http'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createResolver, type StoreSpec } from '@hoptrace/core'
import { createHBaseClient, type HBaseClient } from '@hoptrace/hbase-client'
import { startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { startLoad, type Load } from './load.js'
import { recordedOf } from './recorded.js'
import { startSlowProxy } from './slow-proxy.js'
import { startTraced, type Traced, type TracedOptions } from './traced-process.js'

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))
const away = 'the store does not accept records: they stay in the log'
const back = 'the store accepts records again'

describeRealHBase('services whose HBase fails', () => {
  let hbase: HBaseInstance
  let client: HBaseClient
  let dataDir: string
  const running: Traced[] = []
  const loads: Load[] = []

  beforeAll(async () => {
    hbase = await startHBase({ name: 'faults', rest: true, regionServers: 2 })
    client = createHBaseClient({ servers: hbase.url })
  })
  afterAll(async () => {
    await client.close()
    await hbase.wipe()
  })
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-hbase-'))
  })
  afterEach(async () => {
    for (const load of loads.splice(0)) await load.stop()
    await Promise.all(running.splice(0).map((one) => one.stop()))
    await rm(dataDir, { recursive: true, force: true })
  })

  const native = (): StoreSpec => ({ kind: 'hbase', url: hbase.url })
  const rest = (): StoreSpec => ({ kind: 'hbase', url: `hbase+${hbase.restUrl}` })
  const start = async (options: Omit<TracedOptions, 'dataDir'>): Promise<Traced> => {
    const traced = await startTraced({ dataDir, ...options })
    running.push(traced)
    return traced
  }
  const loadOn = ({ url }: Traced): Load => {
    const load = startLoad(url)
    loads.push(load)
    return load
  }
  const lines = (traced: Traced, text: string): number => traced.output().split(text).length - 1
  /** Until the service has said that its store is away: once. */
  const noticed = async (traced: Traced): Promise<void> => {
    await expect.poll(() => lines(traced, away)).toBe(1)
    await expect.poll(async () => (await traced.stats()).errors).toBeGreaterThan(0)
  }
  /**
   * Every request was answered normally, and each has one record in HBase. The service and its log are gone
   * before.
   */
  const expectWhole = async (traced: Traced, load: Load): Promise<void> => {
    await load.stop()
    expect(load.wrong).toEqual([])
    const stats = await traced.drained()
    expect(stats).toMatchObject({ dropped: 0, shipped: load.answered.length })
    await expectInHBase(traced, load.answered)
  }
  const expectInHBase = async (traced: Traced, ids: readonly string[]): Promise<void> => {
    await traced.stop()
    const left = await readdir(path.join(dataDir, 'logs', traced.service))
    expect(left.filter((name) => /^\d+-/.test(name))).toEqual([])
    expect(await recordedOf(traced.service, ids, { dir: dataDir })).toEqual({
      lost: [],
      doubled: [],
      total: ids.length,
      unread: null,
    })
  }

  it('killed in mid-batch, and not there at start: every record is there once, when it is back', async () => {
    const before = await start({ service: 'k-before', store: native() })
    const load = loadOn(before)
    await load.reached(1500)
    await hbase.kill9()
    const during = await start({ service: 'k-during', store: native() })
    const later = loadOn(during)
    await Promise.all([noticed(before), noticed(during), later.reached(800)])
    await load.reached(load.answered.length + 500)
    // A question now gets the readable part, and says that the other cannot be read.
    const resolver = createResolver({ dir: dataDir })
    const answer = await resolver.resolve(load.answered.at(-1) ?? '')
    await resolver.close()
    expect(answer).toMatchObject({ verdict: 'completed' })

    await hbase.restart()
    await expectWhole(before, load)
    await expectWhole(during, later)
    for (const traced of [before, during]) {
      // A line for each change, never one for each attempt: an HBase that starts may answer, and then not yet
      // again.
      expect(lines(traced, away)).toBeGreaterThanOrEqual(1)
      expect(lines(traced, away)).toBeLessThanOrEqual(4)
      expect(lines(traced, back)).toBe(lines(traced, away))
      expect(lines(traced, 'Unhandled')).toBe(0)
    }
  })

  it('with regions that split and move, and a table that is disabled for a while', async () => {
    const traced = await start({ service: 'regions', store: native() })
    const load = loadOn(traced)
    await load.reached(400)
    const table = 'hoptrace.regions'
    await expect.poll(async () => (await client.admin.regions(table)).length).toBe(4)
    const regions = await client.admin.regions(table)
    const splitAt = Buffer.of(0, 0x18, 0xea)
    const first = regions.find(({ start: row }) => row.length === 0)
    if (first !== undefined) await client.admin.splitRegion(first, splitAt)
    await load.reached(load.answered.length + 200)
    const all = await client.admin.regions(table)
    const servers = new Map(all.map((region) => [region.startCode, region]))
    for (const region of all) {
      const other = [...servers.values()].find(({ startCode }) => startCode !== region.startCode)
      if (other !== undefined) await client.admin.moveRegion(region, other)
    }
    expect(servers.size).toBe(2)
    await load.reached(load.answered.length + 200)
    await client.admin.disableTable(table)
    await noticed(traced)
    await client.admin.enableTable(table)
    expect((await client.admin.regions(table)).length).toBe(5)
    await expectWhole(traced, load)
  })

  it('whose gateway alone is killed', async () => {
    const traced = await start({ service: 'gate', store: rest() })
    const load = loadOn(traced)
    await load.reached(500)
    await hbase.killGateway()
    await noticed(traced)
    await hbase.restart()
    await expectWhole(traced, load)
    expect(lines(traced, away)).toBe(1)
  })

  it('that hangs, over both transports: connections stand and nobody answers', async () => {
    const both = [
      await start({ service: 'hang-native', store: native() }),
      await start({ service: 'hang-rest', store: rest() }),
    ]
    const under = both.map((traced) => loadOn(traced))
    await Promise.all(under.map((load) => load.reached(300)))
    await hbase.pause('hbase')
    onTestFinished(() => hbase.resume('hbase').catch(() => undefined))
    await hbase.pause('gateway')
    onTestFinished(() => hbase.resume('gateway').catch(() => undefined))
    // Few: an HBase that is stopped for 90 s gives up its session, and ends.
    await Promise.all(under.map((load) => load.reached(load.answered.length + 100)))
    await pause(3000)
    await hbase.resume('hbase')
    await hbase.resume('gateway')
    for (const [index, traced] of both.entries()) await expectWhole(traced, under[index] as Load)
  })

  it('that is slow', async () => {
    const proxy = await startSlowProxy(Number(new URL(hbase.restUrl ?? '').port), 150)
    onTestFinished(() => proxy.close())
    const traced = await start({
      service: 'slow',
      store: { kind: 'hbase', url: `hbase+http://127.0.0.1:${proxy.port}` },
    })
    const load = loadOn(traced)
    await load.reached(1000)
    await expectWhole(traced, load)
  })

  it('whose table is dropped by hand: what was in it is gone, later records go on in a new one', async () => {
    const traced = await start({ service: 'dropped', store: native() })
    const load = loadOn(traced)
    await load.reached(400)
    await load.stop()
    await traced.drained()
    await client.admin.disableTable('hoptrace.dropped')
    await client.admin.deleteTable('hoptrace.dropped')
    const later = startLoad(traced.url, 1_000_000)
    loads.push(later)
    await later.reached(400)
    await later.stop()
    expect([...load.wrong, ...later.wrong]).toEqual([])
    await traced.drained()
    await expectInHBase(traced, later.answered)
  })

  it('at whose port something else listens, which says yes to everything, or talks nonsense', async () => {
    const yes = createHttpServer((_req, res) => void res.end('<html>welcome</html>'))
    const nonsense = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(Buffer.alloc(4096, 0xa5))
    })
    const [yesPort, nonsensePort] = [await listen(yes), await listen(nonsense)]
    onTestFinished(() => {
      yes.closeAllConnections()
      yes.close()
      nonsense.close()
    })
    const urls = [
      `hbase+http://127.0.0.1:${yesPort}`,
      `hbase+http://127.0.0.1:${nonsensePort}`,
      `hbase://127.0.0.1:${yesPort}`,
      `hbase://127.0.0.1:${nonsensePort}`,
    ]
    const all = await Promise.all(
      urls.map((url, index) => start({ service: `wrong-${index}`, store: { kind: 'hbase', url } })),
    )
    await Promise.all(
      all.map(async (traced) => {
        const load = loadOn(traced)
        await load.reached(200)
        await noticed(traced)
        await load.stop()
        expect(load.wrong).toEqual([])
        expect(await traced.stats()).toMatchObject({ shipped: 0, dropped: 0 })
        expect(lines(traced, away)).toBe(1)
        // Nothing is lost: it is in the log, and is found there.
        await traced.stop()
        const resolver = createResolver({ dir: dataDir })
        for (const id of load.answered.slice(0, 10)) {
          expect(await resolver.resolve(id)).toMatchObject({
            verdict: 'completed',
            hops: [{ source: 'log' }],
          })
        }
        await resolver.close()
      }),
    )
  })
})

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}
