import { describe, expect, it } from 'vitest'
import { clusterKeys, type ClusterKeys } from '../../key/index.js'
import { Chain } from '../chain.fixture.js'
import { sign, SIGNATURE_HEADER } from '../wire/sign.js'
import { LiveEndpoint, type EndpointRequest } from './live-endpoint.js'
import type { TestInstance } from '../test-instance.fixture.js'

const key = 'a cluster key of some length, more than 32'
const keys = clusterKeys(key, true)
const signed = (by: ClusterKeys, method: string, target: string): Record<string, string> =>
  sign(by, { method, host: '', run: '', target })

async function ask(
  endpoint: LiveEndpoint,
  more: Partial<EndpointRequest>,
): Promise<{ status: number; text: string }> {
  const request = {
    method: 'GET',
    url: '/_hoptrace/v1/instance',
    headers: {},
    remoteAddress: '127.0.0.1',
    ...more,
  }
  const { status, body } = await endpoint.handle(request)
  let text = ''
  for await (const piece of body) text += piece
  return { status, text }
}

const endpointOf = (own: TestInstance, given?: ClusterKeys): LiveEndpoint =>
  new LiveEndpoint({ own, keys: given })

describe('who the live endpoint answers', () => {
  it('is, without a cluster key, processes of this host that ask directly', async () => {
    await using chain = await Chain.of(['orders'])
    const endpoint = endpointOf(chain.instance(0))
    for (const remoteAddress of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) {
      expect((await ask(endpoint, { remoteAddress })).status).toBe(200)
    }
    for (const remoteAddress of ['10.0.0.1', '::ffff:10.0.0.1', '', 'fe80::1', '127.0.0.1.evil.example']) {
      expect(await ask(endpoint, { remoteAddress })).toEqual({ status: 403, text: '' })
    }
    for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      expect(await ask(endpoint, { headers: { [name]: '127.0.0.1' } })).toEqual({ status: 403, text: '' })
    }
  })

  it('is, with a cluster key, whoever signed this very request, now, and once', async () => {
    await using chain = await Chain.of(['orders'])
    const endpoint = endpointOf(chain.instance(0), keys)
    const url = '/_hoptrace/v1/instance'
    const good = signed(keys, 'GET', url)
    expect((await ask(endpoint, { headers: good, remoteAddress: '10.0.0.1' })).status).toBe(200)
    expect(await ask(endpoint, { headers: good })).toEqual({ status: 401, text: '' })
    const [, nonce = '', mac = ''] = (signed(keys, 'GET', url)[SIGNATURE_HEADER] ?? '').split('.')
    const refused = [
      {},
      signed(clusterKeys('another cluster key', true), 'GET', url),
      signed(keys, 'GET', `${url}?x=1`),
      signed(keys, 'POST', url),
      { [SIGNATURE_HEADER]: `${Date.now() - 60_000}.${nonce}.${mac}` },
      { [SIGNATURE_HEADER]: 'x'.repeat(10_000) },
    ]
    for (const headers of refused) expect(await ask(endpoint, { headers })).toEqual({ status: 401, text: '' })
  })

  it('is nobody with an old signature', async () => {
    await using chain = await Chain.of(['orders'])
    const endpoint = endpointOf(chain.instance(0), keys)
    const now = Date.now
    Date.now = () => now() - 31_000
    const old = signed(keys, 'GET', '/_hoptrace/v1/instance')
    Date.now = now
    expect((await ask(endpoint, { headers: old })).status).toBe(401)
  })

  it('lets a resolver that has the key ask, and no other', async () => {
    await using chain = await Chain.of(['gateway', 'orders'], key)
    chain.healthy()
    const good = await chain.resolver({ clusterKey: key, mode: 'recursive' }).resolve(chain.traceId)
    expect(good).toMatchObject({ verdict: 'completed', hops: [{ source: 'live' }, { source: 'live' }] })
    const bad = await chain
      .resolver({ clusterKey: 'this is not the key of this whole cluster' })
      .resolve(chain.traceId)
    expect(bad.verdict).not.toBe('completed')
    expect(bad.hops).toEqual([])
  })
})

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
      [`/_hoptrace/v1/hops/${chain.traceId}?of=x`]: 400,
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

  it('answers so many questions at a time, and again when they are over', async () => {
    await using chain = await Chain.of(['orders'])
    const endpoint = new LiveEndpoint({ own: chain.instance(0), maxConcurrent: 2, maxOfOne: 2 })
    const request = { method: 'GET', url: '/_hoptrace/v1/instance', headers: {}, remoteAddress: '127.0.0.1' }
    const first = await endpoint.handle(request)
    const second = await endpoint.handle(request)
    expect((await endpoint.handle(request)).status).toBe(503)
    for (const { body } of [first, second]) for await (const piece of body) expect(piece).not.toBe('')
    expect((await ask(endpoint, {})).status).toBe(200)
  })

  it('gives up an answer that nobody reads', async () => {
    await using chain = await Chain.of(['orders'])
    const endpoint = new LiveEndpoint({ own: chain.instance(0), maxConcurrent: 1, idleMillis: 30 })
    const request = { method: 'GET', url: '/_hoptrace/v1/instance', headers: {}, remoteAddress: '127.0.0.1' }
    const { body } = await endpoint.handle(request)
    expect((await endpoint.handle(request)).status).toBe(503)
    const status = async (): Promise<number> => (await ask(endpoint, {})).status
    await expect.poll(status).toBe(200)
    await expect(body[Symbol.asyncIterator]().next()).rejects.toThrow('not read for too long')
  })

  it('answers so many of one address at a time, and others besides', async () => {
    await using chain = await Chain.of(['orders'])
    const endpoint = new LiveEndpoint({
      own: chain.instance(0),
      keys,
      maxConcurrent: 4,
      maxOfOne: 1,
    })
    const url = '/_hoptrace/v1/instance'
    const from = (remoteAddress: string): Promise<{ status: number }> =>
      endpoint.handle({ method: 'GET', url, headers: signed(keys, 'GET', url), remoteAddress })
    expect((await from('10.0.0.1')).status).toBe(200)
    expect((await from('10.0.0.1')).status).toBe(503)
    expect((await from('10.0.0.2')).status).toBe(200)
  })

  it('counts for Prometheus', async () => {
    await using chain = await Chain.of(['orders'])
    const { text } = await ask(endpointOf(chain.instance(0)), { url: '/_hoptrace/v1/metrics' })
    expect(text).toMatch(
      /# TYPE hoptrace_shipped counter\nhoptrace_shipped\{service="orders",instance="127\.0\.0\.1:\d+",worker="0"\} 0\n/,
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
