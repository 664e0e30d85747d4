import { describe, expect, it } from 'vitest'
import { Chain } from '../../resolve/chain.fixture.js'
import { LiveEndpoint, type EndpointRequest } from './live-endpoint.js'
import type { TestInstance } from '../../resolve/test-instance.fixture.js'

async function ask(
  endpoint: LiveEndpoint,
  more: Partial<EndpointRequest>,
): Promise<{ status: number; text: string }> {
  const request = {
    method: 'GET',
    url: '/_hoptrace/v1/instance',
    headers: {},
    asker: 'one',
    ...more,
  }
  const { status, body } = await endpoint.handle(request)
  let text = ''
  for await (const piece of body) text += piece
  return { status, text }
}

const endpointOf = (own: TestInstance): LiveEndpoint => new LiveEndpoint({ own })

describe('the live endpoint', () => {
  it('answers bad questions with a status, never with a failure', async () => {
    await using chain = await Chain.of(['orders'])
    const endpoint = endpointOf(chain.instance(0))
    const statuses: Record<string, number> = {
      '/': 404,
      '/_hoptrace/v1/': 404,
      '/_hoptrace/v1/hops/xyz': 404,
      '/_hoptrace/v1/hops/../../etc/passwd': 404,
      '/_hoptrace/v1/range': 400,
      '/_hoptrace/v1/range?from=1&to=2&status=bogus': 400,
      '/_hoptrace/v1/range?from=1&to=2&limit=-1': 400,
      '/_hoptrace/v1/keys?name=a': 400,
      '/_hoptrace/v1/keys?name=a&value=b&limit=x': 400,
      [`/_hoptrace/v1/hops/${chain.traceId}?run=x`]: 409,
      '/_hoptrace/v1/progress/x': 404,
      '/_hoptrace/v1/progress/%E0%A4%A': 404,
      [`/_hoptrace/v1/range?from=1&to=${10n ** 19n - 1n}`]: 400,
      [`/_hoptrace/v1/keys?name=a&value=b&before=${10n ** 19n - 1n}`]: 400,
      '//': 404,
      'http://[': 404,
      [`/_hoptrace/v1/${'x'.repeat(5000)}`]: 404,
      '/_hoptrace/v1/%zz%': 404,
    }
    for (const [url, status] of Object.entries(statuses)) {
      expect({ url, status: (await ask(endpoint, { url })).status }).toEqual({ url, status })
    }
    expect((await ask(endpoint, { method: 'POST' })).status).toBe(405)
  })

  it('limits parallel questions, and answers again when some have ended', async () => {
    await using chain = await Chain.of(['orders'])
    const endpoint = new LiveEndpoint({ own: chain.instance(0), maxConcurrent: 2, maxOfOne: 2 })
    const request = { method: 'GET', url: '/_hoptrace/v1/instance', headers: {}, asker: 'one' }
    const first = await endpoint.handle(request)
    const second = await endpoint.handle(request)
    expect((await endpoint.handle(request)).status).toBe(503)
    for (const { body } of [first, second]) for await (const piece of body) expect(piece).not.toBe('')
    expect((await ask(endpoint, {})).status).toBe(200)
  })

  it('gives up an answer that the asker does not read', async () => {
    await using chain = await Chain.of(['orders'])
    const endpoint = new LiveEndpoint({ own: chain.instance(0), maxConcurrent: 1, idleMillis: 30 })
    const request = { method: 'GET', url: '/_hoptrace/v1/instance', headers: {}, asker: 'one' }
    const { body } = await endpoint.handle(request)
    expect((await endpoint.handle(request)).status).toBe(503)
    const status = async (): Promise<number> => (await ask(endpoint, {})).status
    await expect.poll(status).toBe(200)
    await expect(body[Symbol.asyncIterator]().next()).rejects.toThrow('not read for too long')
  })

  it('limits the parallel questions of one asker, and still answers others', async () => {
    await using chain = await Chain.of(['orders'])
    const endpoint = new LiveEndpoint({ own: chain.instance(0), maxConcurrent: 4, maxOfOne: 1 })
    const url = '/_hoptrace/v1/instance'
    const from = (asker: string): Promise<{ status: number }> =>
      endpoint.handle({ method: 'GET', url, headers: {}, asker })
    expect((await from('one')).status).toBe(200)
    expect((await from('one')).status).toBe(503)
    expect((await from('other')).status).toBe(200)
  })

  it('counts for Prometheus', async () => {
    await using chain = await Chain.of(['orders'])
    const { text } = await ask(endpointOf(chain.instance(0)), { url: '/_hoptrace/v1/metrics' })
    expect(text).toMatch(
      /# TYPE hoptrace_shipped_total counter\nhoptrace_shipped_total\{service="orders",instance="127\.0\.0\.1:\d+",worker="0"\} 0\n/,
    )
    expect(text).toContain('hoptrace_ship_lag_milliseconds{')
  })

  it('walks a cycle of errands once', async () => {
    await using chain = await Chain.of(['gateway', 'orders', 'payments'])
    chain.healthy()
    const last = chain.instance(2).records
    const gateway = chain.record(0).next[0]
    last[0] = chain.record(2, { next: [{ ...(gateway as NonNullable<typeof gateway>) }] })
    const result = await chain.resolver({ mode: 'recursive' }).resolve(chain.traceId)
    expect(result.hops).toHaveLength(3)
    const asked = chain.instances.reduce((sum, { asked }) => sum + asked.length, 0)
    expect(asked).toBeLessThan(20)
  })
})
