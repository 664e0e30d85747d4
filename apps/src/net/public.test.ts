import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { describeNetwork } from './describe-network.js'
import { run } from './shell.js'
import { Site } from './site.js'
import { expectVerdict, order, servicesOf } from './told.js'

// Unused addresses of a public network.
const PUBLIC = { a: '203.0.113.10', b: '203.0.113.11', between: '203.0.113.12' } as const

/** A call as its caller's application saw it. */
interface Below {
  readonly status: number
  readonly data: {
    readonly id?: string
    readonly seen?: { readonly traceparent: string; readonly tracestate: string }
    readonly proof?: string
  }
}

/** An id that a caller assigned, and its callee took. */
const isAssigned = (id: string): boolean => Number.parseInt(id.charAt(16), 16) >= 8

describeNetwork('a target with a public address', () => {
  let site: Site

  beforeAll(async () => {
    site = await Site.open()
    for (const [host, address] of Object.entries(PUBLIC)) {
      const { namespace } = site.network.host(host)
      await run('ip', ['-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0'])
    }
  })
  afterEach(() => site.clear())
  afterAll(() => site.close())

  async function callFrom(a: { readonly url: string }, task: string): Promise<Below & { own: string }> {
    const { did } = await order(site, `${a.url}/do/${task}`)
    const { id, below } = did as unknown as { readonly id: string; readonly below: readonly Below[] }
    const [only] = below
    if (only?.status !== 200) throw new Error(`the call failed: ${JSON.stringify(did)}`)
    return { ...only, own: id }
  }

  it.each([
    ['a third party', ''],
    ['a third party that passes what it gets on to a service, and the answer back', 'relay'],
  ])('18.2 is %s: it is never given an id of the cluster', async (_, kind) => {
    const b = await site.start('b', { service: 'b' })
    const env = kind === '' ? {} : { RELAY: `http://${PUBLIC.b}:3000` }
    await site.start('between', { service: 'stranger', program: 'stranger', env })
    const a = await site.start('a', { service: 'a', next: [`http://${PUBLIC.between}:3000`] })
    for (let n = 0; n < 5; n++) {
      const { data, own } = await callFrom(a, `stranger-${n}`)
      const { traceparent = '', tracestate = '' } = data.seen ?? {}
      expect(tracestate).toMatch(/^hoptrace=\?[0-9a-f]{32};s$/)
      // Neither the time of the trace nor an address is in what it gets.
      expect(`${traceparent} ${tracestate}`).not.toContain(own.slice(0, 12))
      if (kind !== '') expect(data.proof).toMatch(/^[0-9a-f]{32}-[0-9a-f]{16}$/)
    }
    if (kind !== '') {
      const told = await expectVerdict(site, 'n=stranger-4', 'completed')
      expect(servicesOf(told)).toEqual(['a', 'b'])
    }
    expect(b.url).toBeDefined()
  })

  it('18.2 is a service of ours: it is given ids once it has proven the key', async () => {
    await site.start('b', { service: 'b' })
    const a = await site.start('a', { service: 'a', next: [`http://${PUBLIC.b}:3000`] })
    const taken: boolean[] = []
    for (let n = 0; n < 4; n++) taken.push(isAssigned((await callFrom(a, `ours-${n}`)).data.id ?? ''))
    expect(taken).toEqual([false, true, true, true])
    for (const n of [0, 3])
      expect(servicesOf(await expectVerdict(site, `n=ours-${n}`, 'completed'))).toEqual(['a', 'b'])
  })
})
