import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Daemon } from './daemon.js'
import { describeNetwork } from './describe-network.js'
import { callerRules, routerRules, type Endpoint } from './nat.js'
import { startHaproxy, startNginx, startSocat } from './proxies.js'
import { Site } from './site.js'
import { answerOf, expectVerdict, MODES, order, servicesOf } from './told.js'

describeNetwork('something between a caller and its callee', () => {
  let site: Site

  beforeAll(async () => {
    site = await Site.open()
  })
  afterEach(() => site.clear())
  afterAll(() => site.close())

  const backEnd = (host: 'b' | 'b2' = 'b'): Endpoint => ({ address: site.address(host), port: 3000 })
  const front = () => [{ port: 8001, to: [backEnd()] }]
  const between = () => site.network.host('between')
  const virtual = { address: '10.232.0.1', port: 80 }

  /** Puts it in place; resolves to the URL that callers dial. */
  const OBSTACLES: Record<string, () => Promise<string>> = {
    nothing: async () => `http://${site.address('b')}:3000`,
    nginx: () => behind(startNginx(between(), front())),
    'nginx stream': () => behind(startNginx(between(), front(), { level: 'stream' })),
    haproxy: () => behind(startHaproxy(between(), front())),
    'haproxy tcp': () => behind(startHaproxy(between(), front(), 'tcp')),
    socat: () => behind(startSocat(between(), front())),
    dnat: async () => {
      await between().forwardPackets()
      await between().rules(routerRules([{ address: site.address('between'), port: 8001, to: [backEnd()] }]))
      return `http://${site.address('between')}:8001`
    },
    'a virtual address': async () => {
      await site.network.host('a').rules(callerRules([{ ...virtual, to: [backEnd()] }]))
      return `http://${virtual.address}`
    },
    'a name': async () => {
      await site.network.host('a').hosts({ bee: [site.address('b')] })
      return 'http://bee:3000'
    },
  }

  async function behind(daemon: Promise<Daemon>): Promise<string> {
    await site.keep(daemon)
    return `http://${site.address('between')}:8001`
  }

  it.each(Object.keys(OBSTACLES))('is %s, and all are well: every question is answered', async (obstacle) => {
    const url = (await OBSTACLES[obstacle]?.()) ?? ''
    const b = await site.start('b', { service: 'b' })
    const a = await site.start('a', { service: 'a', next: [url] })
    const ids: string[] = []
    for (let n = 0; n < 10; n++) {
      const { status, did } = await order(site, `${a.url}/do/${n}`)
      expect(status).toBe(200)
      ids.push(did.below[0]?.data?.id ?? '')
    }
    const expectWhole = async (): Promise<void> => {
      for (const n of [0, 9]) {
        expect(servicesOf(await expectVerdict(site, `n=${n}`, 'completed'))).toEqual(['a', 'b'])
        await expectVerdict(site, ids[n] ?? '', 'completed')
      }
      const { hops, missing } = await site.asker.range('b', site.where)
      expect([missing, hops.map(({ hopId }) => hopId).sort()]).toEqual([null, [...ids].sort()])
      expect(await site.asker.find('n', '3', site.where)).toHaveLength(1)
    }
    await expectWhole()
    for (const one of [a, b]) {
      await site.asker.get(`${one.url}/flush`)
      one.kill('SIGKILL')
      await one.ended
    }
    await site.asker.ship(site.dataDir, [])
    await expectWhole()
  })

  it.each(Object.keys(OBSTACLES))(
    'is %s, and the callee dies of the first request of each of its lives: it is named each time',
    async (obstacle) => {
      const url = (await OBSTACLES[obstacle]?.()) ?? ''
      const a = await site.start('a', { service: 'a', next: [url] })
      for (let life = 0; life < 3; life++) {
        const b = await site.start('b', { service: 'b' })
        expect((await order(site, `${a.url}/do/${life}?die=b`)).status).toBe(502)
        await b.ended
        // The hosts share a disk, as containers share a volume: the log of the dead is there.
        await expectVerdict(site, `n=${life}`, 'died b')
      }
      await site.asker.ship(site.dataDir, [])
      for (let life = 0; life < 3; life++) await expectVerdict(site, `n=${life}`, 'died b')
    },
  )

  it('is a proxy that tries the next back end: two hops under one call', async () => {
    const to = [backEnd('b'), backEnd('b2')]
    await site.keep(startNginx(between(), [{ port: 8001, to }], { retries: true }))
    await site.start('b', { service: 'b', env: { FRAIL: '1' } })
    await site.start('b2', { service: 'b' })
    const url = `http://${site.address('between')}:8001`
    const a = await site.start('a', { service: 'a', next: [url] })
    // Whichever of the two is asked first.
    for (const n of ['one', 'two']) {
      expect((await order(site, `${a.url}/do/${n}?die=b&once=1`)).status).toBe(200)
    }
    await site.asker.ship(site.dataDir, [])
    for (const n of ['one', 'two'])
      expect(servicesOf(await expectVerdict(site, `n=${n}`, 'completed'))).toContain('b')
    const { hops } = await site.asker.range('b', site.where)
    expect(hops.map(({ state }) => state).sort()).toEqual(['closed', 'closed', 'interrupted'])
    expect(new Set(hops.map(({ hopId }) => hopId)).size).toBe(3)
  })

  it('is a cache that gives an answer again with the header of the one before', async () => {
    await site.keep(startNginx(between(), front(), { caches: 'all' }))
    await site.start('b', { service: 'b' })
    const url = `http://${site.address('between')}:8001`
    const a = await site.start('a', { service: 'a', next: [url] })
    const pids: unknown[] = []
    for (let times = 0; times < 4; times++) {
      const { status, did } = await order(site, `${a.url}/do/same`)
      expect(status).toBe(200)
      pids.push(did.below[0]?.data?.id)
      await expectVerdict(site, did.id, 'completed')
    }
    expect(new Set(pids).size).toBeLessThan(4)
  })

  it('is a forward proxy, or a socket, that refuses: the service behind it is not said to be unreachable', async () => {
    const b = await site.start('b', { service: 'b' })
    const direct = await site.start('a', { service: 'a', next: [b.url] })
    await order(site, `${direct.url}/do/before`)
    const vias = {
      proxy: { proxy: { protocol: 'http', host: site.address('between'), port: 9999 } },
      socket: { socketPath: '/tmp/hoptrace-nobody-listens.sock' },
    }
    for (const [name, via] of Object.entries(vias)) {
      const env = { VIA: JSON.stringify(via), PORT: name === 'proxy' ? '3001' : '3002' }
      const other = await site.start('a', { service: 'other', next: [b.url], env })
      expect((await order(site, `${other.url}/do/${name}`)).status).toBe(502)
      for (const mode of MODES) {
        const answer = await answerOf(site, `n=${name}`, { ...site.where, mode })
        if (typeof answer === 'string') continue
        expect(answer.verdict, answer.evidence.join('; ')).not.toBe('completed')
        expect(answer.endedAt?.service, answer.evidence.join('; ')).not.toBe('b')
      }
    }
  })
})
