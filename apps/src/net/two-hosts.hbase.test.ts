import path from 'node:path'
import type { AskOptions } from '@hoptrace/cli'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { describeNetwork } from './describe-network.js'
import { startHBaseOn, type HostedHBase } from './hbase-host.js'
import { hoptraceOn } from './hoptrace-on.js'
import { Site, type Running } from './site.js'
import { expectVerdict, order, servicesOf, verdictOf } from './told.js'

describeNetwork('two hosts and one HBase', () => {
  describeRealHBase('that both reach', () => {
    let site: Site
    let hbase: HostedHBase

    beforeAll(async () => {
      site = await Site.open()
      hbase = await startHBaseOn(site.network.host('store'))
    })
    afterEach(() => site.clear())
    afterAll(async () => {
      await hbase.remove()
      await site.close()
    })

    const dirOf = (name: string): string => path.join(site.dataDir, name)
    const start = async (apart: boolean): Promise<{ readonly a: Running; readonly b: Running }> => {
      const store = { kind: 'hbase', url: hbase.url } as const
      const dir = (name: string): { dataDir?: string } => (apart ? { dataDir: dirOf(name) } : {})
      const b = await site.start('b', { service: 'b', store, ...dir('b') })
      const a = await site.start('a', { service: 'a', store, next: [b.url], ...dir('a') })
      return { a, b }
    }
    /** From a host that has nothing but the address of the HBase. */
    const far = (): AskOptions => ({ dir: dirOf('ask'), stores: [hbase.url] })

    it('is asked from the other host when one is pulled off the network', async () => {
      const { a, b } = await start(true)
      for (const n of [1, 2]) await order(site, `${a.url}/do/before-${n}`)
      for (const { url } of [a, b]) await site.asker.get(`${url}/flush`)
      await site.network.host('b').link('down')
      expect((await order(site, `${a.url}/do/cut`)).status).toBe(502)

      const resolve = async (key: string): Promise<string> => {
        const words = ['resolve', key, '--dir', dirOf('a'), '--store', hbase.url]
        const env = { HOPTRACE_KEY: site.key }
        const { output } = await hoptraceOn(site.network.host('a'), env, ...words)
        console.log(`[host a] $ hoptrace ${words.join(' ')}\n${output}`)
        return output
      }
      expect(await resolve('n=before-1')).toContain('verdict   completed: 2 hops')
      expect(await resolve('n=cut')).toMatch(/verdict {3}(undetermined|unreachable)/)
      await site.network.host('b').link('up')
      await expect
        .poll(async () => verdictOf(await site.asker.resolve('n=cut', far())))
        .toMatch(/^(unreachable|failed) b$/)
    })

    it('says of a service that died on another host that it died, once its log is shipped there', async () => {
      const { a, b } = await start(true)
      await order(site, `${a.url}/do/first?die=b`)
      await b.ended
      // The row of a may not be in HBase yet. Then nothing is found, and what b left cannot be read from here.
      const early = await site.asker.resolve('n=first', far()).then(verdictOf, String)
      expect(early).toMatch(/^(undetermined|not-found|died b)|not everything could be read: b /)
      await site.asker.ship(dirOf('b'), [hbase.url])
      await expectVerdict(site, 'n=first', 'died b', far())
    })

    it('that is away keeps back nothing that living services have in their logs', async () => {
      const { a } = await start(false)
      await site.network.host('store').link('down')
      for (let n = 0; n < 10; n++) expect((await order(site, `${a.url}/do/${n}`)).status).toBe(200)
      const where = { ...site.where, stores: [hbase.url] }
      const { hops } = await site.asker.range('b', where)
      expect(hops).toHaveLength(10)
      const answer = await site.asker.resolve('n=4', where)
      expect(verdictOf(answer), answer.evidence.join('; ')).toBe('completed')
    })

    it('is asked at its second address while the first one is silent', async () => {
      const { a, b } = await start(true)
      expect((await order(site, `${a.url}/do/well`)).status).toBe(200)
      for (const { url } of [a, b]) await site.asker.get(`${url}/flush`)
      const silent = '10.232.0.99'
      await site.network
        .host('ask')
        .rules(
          `table ip silent {\n  chain output {\n    type filter hook output priority 0\n    ip daddr ${silent} drop\n  }\n}\n`,
        )
      const url = hbase.url.replace('hbase://', `hbase://${silent}:16000,`)
      const answer = await site.asker.resolve('n=well', { dir: dirOf('ask'), stores: [url] })
      expect(verdictOf(answer), answer.evidence.join('; ')).toBe('completed')
      expect(servicesOf(answer)).toEqual(['a', 'b'])
    })
  })
})
