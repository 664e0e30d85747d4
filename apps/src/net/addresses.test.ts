import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { describeNetwork } from './describe-network.js'
import { routerRules } from './nat.js'
import { Site, type SiteService } from './site.js'
import { expectVerdict, order, servicesOf } from './told.js'

describeNetwork('the address of an instance', () => {
  let site: Site

  beforeAll(async () => {
    site = await Site.open()
  })
  afterEach(() => site.clear())
  afterAll(() => site.close())

  /** A good request, a range, and a death, by whatever address b believes that it has. */
  async function expectKnown(url: string, options: Partial<SiteService>): Promise<void> {
    const b = await site.start('b', { service: 'b', ...options })
    const a = await site.start('a', { service: 'a', next: [url] })
    expect((await order(site, `${a.url}/do/well`)).status).toBe(200)
    expect(servicesOf(await expectVerdict(site, 'n=well', 'completed'))).toEqual(['a', 'b'])
    await order(site, `${a.url}/do/dead?die=b`)
    await b.ended
    await expectVerdict(site, 'n=dead', 'died b')
    await site.asker.ship(site.dataDir, [])
    await expectVerdict(site, 'n=dead', 'died b')
  }

  const direct = () => `http://${site.address('b')}:3000`

  it('is where it listens', () => expectKnown(direct(), {}))

  it('was given, and is not the one that is dialled', () =>
    expectKnown(direct(), { env: { HOPTRACE_ADDRESS: `${site.address('between')}:8001` } }))

  it('was given to another service of the host as well', async () => {
    const env = { HOPTRACE_ADDRESS: direct().slice('http://'.length) }
    const c = await site.start('b', { service: 'c', env: { ...env, PORT: '3001' } })
    const b = await site.start('b', { service: 'b', env })
    const a = await site.start('a', { service: 'a', next: [b.url, c.url] })
    expect((await order(site, `${a.url}/do/well`)).status).toBe(200)
    expect(servicesOf(await expectVerdict(site, 'n=well', 'completed'))).toEqual(['a', 'b', 'c'])
    await order(site, `${a.url}/do/dead?die=c`)
    await c.ended
    await expectVerdict(site, 'n=dead', 'died c')
  })

  it.each(['unix', 'admin', 'inject'])('is not that of its first request (%s)', (first) =>
    expectKnown(direct(), { env: { FIRST: first } }),
  )

  it('is the one of a container, and a published one of its host is dialled', async () => {
    const address = site.address('b')
    const to = [{ address: site.network.container('b').address, port: 3000 }]
    await site.network.host('b').rules(routerRules([{ address, port: 8080, to }]))
    await expectKnown(`http://${address}:8080`, { contained: true })
  })

  it('is that of four workers: each is asked', async () => {
    const b = await site.start('b', { service: 'b', program: 'workers' })
    const a = await site.start('a', { service: 'a', next: [b.url] })
    for (let n = 0; n < 15; n++) expect((await order(site, `${a.url}/do/${n}`)).status).toBe(200)
    for (let times = 0; times < 3; times++) {
      await expect
        .poll(async () => {
          const { hops, missing } = await site.asker.range('b', site.where)
          return [hops.length, missing]
        })
        .toEqual([15, null])
    }
    for (let n = 0; n < 15; n++) {
      expect(servicesOf(await expectVerdict(site, `n=${n}`, 'completed'))).toEqual(['a', 'b'])
    }
  })
})
