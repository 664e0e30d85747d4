import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { describeNetwork } from './describe-network.js'
import { GATEWAY_KINDS } from './gateway-kinds.js'
import { Site } from './site.js'
import { expectVerdict, order, servicesOf } from './told.js'

describeNetwork('a traced gateway that passes on the headers that it got', () => {
  let site: Site

  beforeAll(async () => {
    site = await Site.open()
  })
  afterEach(() => site.clear())
  afterAll(() => site.close())

  it.each(GATEWAY_KINDS)('(%s) is a hop of its own, and does not fail in place of the dead', async (kind) => {
    const b = await site.start('b', { service: 'b' })
    await site.startGateway([{ kind, port: 8001, target: b.url }])
    const a = await site.start('a', { service: 'a', next: [`http://${site.address('between')}:8001`] })
    expect((await order(site, `${a.url}/do/well`)).status).toBe(200)
    // A callee that was reached under another's address says so in the registry a moment later.
    await expect
      .poll(async () => servicesOf(await expectVerdict(site, 'n=well', 'completed')))
      .toEqual(['a', 'b', 'gateway'])
    const well = await expectVerdict(site, 'n=well', 'completed')
    expect(new Set(well.hops.map(({ hopId }) => hopId)).size).toBe(3)

    await order(site, `${a.url}/do/dead?die=b`)
    await b.ended
    await site.asker.ship(site.dataDir, [])
    await expectVerdict(site, 'n=dead', 'died b')
  })
})
