import { mkdtemp, rm } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createResolver, deriveSealKey, unsealId, type HopId } from '@hoptrace/core'
import { openResolver } from '@hoptrace/cli'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Chain } from '../chain/chain.js'
import { freePorts } from '../chain/ports.js'
import { placeOrder, someOrder, type Placed } from '../chain/shop.js'

const clusterKey = 'the key of this test cluster, longer than 32'
const services = ['gateway', 'orders', 'payments', 'inventory', 'notify']

interface Got {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

function ask(url: string, headers: Record<string, string> = {}, body?: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method: body === undefined ? 'GET' : 'POST', headers }, (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, text }))
    })
    req.on('error', reject)
    req.end(body)
  })
}

describe('a chain in production with a cluster key', () => {
  let chain: Chain
  let dir: string
  let placed: Placed
  let traceId: HopId

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-sealed-'))
    const env = { HOPTRACE_KEY: clusterKey, NODE_ENV: 'production' }
    chain = new Chain({ ports: await freePorts(), dataDir: dir, env })
    await chain.startAll()
    placed = await placeOrder(chain.entryUrl, someOrder('sealed-1'))
    expect.assert(placed.traceId !== undefined)
    const raw = unsealId(deriveSealKey(clusterKey), placed.traceId)
    expect.assert(raw !== undefined)
    traceId = raw
  })

  afterAll(async () => {
    await chain.stopAll()
    await rm(dir, { recursive: true, force: true })
  })

  /** Texts that must not be in an answer to an outside caller. */
  async function secrets(): Promise<string[]> {
    const resolver = createResolver({ dir, clusterKey })
    try {
      // A process that has no time for an answer is named in the evidence.
      await expect.poll(async () => (await resolver.resolve('orderId=sealed-1')).evidence).toEqual([])
      const { hops } = await resolver.resolve('orderId=sealed-1')
      expect(hops.length).toBeGreaterThanOrEqual(services.length - 1)
      return hops.flatMap(({ hopId, instance, traceId: of }) => [hopId, instance, of])
    } finally {
      await resolver.close()
    }
  }

  function order(id: string, headers: Record<string, string> = {}): Promise<Got> {
    const json = { 'content-type': 'application/json', ...headers }
    return ask(`${chain.entryUrl}/orders`, json, JSON.stringify(someOrder(id)))
  }

  it('tells an outside caller a sealed traceresponse and nothing else', async () => {
    const got = await order('sealed-2')
    expect(got.status).toBe(201)
    expect(got.headers['traceresponse']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
    expect(got.headers['hoptrace']).toBeUndefined()
    const all = JSON.stringify(got)
    for (const secret of await secrets()) expect(all).not.toContain(secret)
    for (const service of services) expect(JSON.stringify(got.headers)).not.toContain(service)
  })

  it('tells a caller that forges our member nothing more', async () => {
    // Well formed, of the time, and with the parent id that fits: only the seal is missing.
    const [foreign] = await secrets()
    for (const member of [
      `${foreign}-${'0'.repeat(16)}`,
      `?${foreign};s`,
      '0'.repeat(32),
      `?${'f'.repeat(32)}`,
    ]) {
      const got = await order('sealed-3', {
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        tracestate: `hoptrace=${member}`,
      })
      expect(got.status).toBe(201)
      expect(got.headers['hoptrace'] ?? 'key=').toMatch(/^key=/)
      for (const service of services) expect(JSON.stringify(got.headers)).not.toContain(service)
    }
  })

  it('is asked by the sealed id, with the key, by every way', async () => {
    for (const mode of ['recursive', 'iterative'] as const) {
      const resolver = openResolver({ dir, clusterKey, mode })
      const answer = await resolver.resolve(placed.traceId ?? '')
      await resolver.close()
      expect(answer).toMatchObject({ traceId, verdict: 'completed' })
      expect(answer.hops.every(({ source }) => source === 'live')).toBe(true)
    }
  })

  it('answers an unsigned question with 401 and nothing, whatever is asked', async () => {
    const paths = [
      'instance',
      'metrics',
      `hops/${traceId}`,
      'progress/orderId=sealed-1',
      'keys?name=orderId&value=sealed-1',
      'x',
    ]
    for (const name of ['gateway', 'orders', 'payments', 'inventory', 'notify'] as const) {
      for (const asked of paths) {
        const got = await ask(`http://${chain.addressOf(name)}/_hoptrace/v1/${asked}`)
        expect({ name, asked, status: got.status, text: got.text }).toEqual({
          name,
          asked,
          status: 401,
          text: '',
        })
      }
    }
  })

  it('learns nothing to a resolver without the key from living instances, and says why', async () => {
    const resolver = createResolver({
      registry: registryOf(dir),
      dir: path.join(dir, 'nothing'),
      clusterKey: 'another key entirely, which is longer than 32',
    })
    const answer = await resolver.resolve(traceId)
    await resolver.close()
    expect(answer.hops.every(({ source }) => source !== 'live')).toBe(true)
  })
})

function registryOf(dir: string): NonNullable<Parameters<typeof createResolver>[0]>['registry'] & object {
  const resolver = createResolver({ dir, clusterKey })
  return {
    list: async () => {
      const rows = await resolver.instances()
      return { rows, unread: rows.unread ?? [] }
    },
    put: async () => undefined,
    close: () => resolver.close(),
  }
}
