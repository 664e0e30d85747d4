import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { traceAxios } from '@hoptrace/axios'
import {
  createResolver,
  createTracer,
  deriveSealKey,
  unsealId,
  type HopId,
  type Tracer,
  type TracerOptions,
} from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import axios from 'axios'
import express from 'express'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const clusterKey = 'the key of this test cluster, longer than 32'
const foreign = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${foreign}-00f067aa0ba902b7-01`

/** An edge that passes every request on to the inner service. */
class Pair implements AsyncDisposable {
  readonly seen: IncomingHttpHeaders[] = []
  private readonly tracers: Tracer[] = []
  private readonly servers: Server[] = []
  url = ''

  static async of(
    dataDir: string,
    edge: Partial<TracerOptions>,
    both: Partial<TracerOptions>,
  ): Promise<Pair> {
    const pair = new Pair()
    const behind = pair.app('behind', { dataDir, ...both })
    behind.app.get('/', (req, res) => {
      pair.seen.push(req.headers)
      res.end()
    })
    const target = await pair.listen(behind.app)
    const front = pair.app('edge', { dataDir, ...both, ...edge })
    const http = traceAxios(axios.create(), front.tracer)
    front.app.get('/', async (_req, res) => {
      await http.get(target)
      res.end()
    })
    pair.url = await pair.listen(front.app)
    return pair
  }

  private app(
    service: string,
    options: Omit<TracerOptions, 'service'>,
  ): { app: express.Express; tracer: Tracer } {
    const tracer = createTracer({ service, ...options })
    this.tracers.push(tracer)
    return { app: express().use(hoptrace(tracer)), tracer }
  }

  private async listen(app: express.Express): Promise<string> {
    const server = app.listen(0, '127.0.0.1')
    this.servers.push(server)
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) {
      server.close()
      server.closeAllConnections()
    }
    await Promise.all(this.tracers.map((tracer) => tracer.close()))
  }
}

describe('two services of a cluster', () => {
  let dir: string
  beforeEach(async () => (dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-trust-'))))
  afterEach(() => rm(dir, { recursive: true, force: true }))

  const resolve = async (
    id: string,
  ): Promise<Awaited<ReturnType<ReturnType<typeof createResolver>['resolve']>>> => {
    const resolver = createResolver({ dir, clusterKey })
    try {
      return await resolver.resolve(id)
    } finally {
      await resolver.close()
    }
  }

  it('with a sealed wire send no raw id to each other, and are resolved by what they send', async () => {
    await using pair = await Pair.of(dir, {}, { clusterKey, wire: 'sealed' })
    const response = await fetch(pair.url)
    const sealed = response.headers.get('traceresponse')?.slice(3, 35) ?? ''
    const raw = unsealId(deriveSealKey(clusterKey), sealed) as HopId
    const answer = await resolve(sealed)
    expect(answer).toMatchObject({ traceId: raw, verdict: 'completed' })
    expect(answer.hops.map(({ service }) => service)).toEqual(['edge', 'behind'])
    const wire = JSON.stringify(pair.seen)
    for (const { hopId } of answer.hops) expect(wire).not.toContain(hopId)
    // What a system between them saw is the sealed form: the same question by it.
    const between = /^00-([0-9a-f]{32})-/.exec(pair.seen[0]?.['traceparent'] as string)?.[1]
    expect(await resolve(between ?? '')).toMatchObject({ traceId: raw, verdict: 'completed' })
  })

  it('with nobody trusted at the edge begin a trace of their own, which links what came', async () => {
    await using pair = await Pair.of(dir, { trust: 'none' }, { clusterKey })
    const response = await fetch(pair.url, { headers: { traceparent, tracestate: 'vendor=1' } })
    const answer = await resolve(response.headers.get('traceresponse')?.slice(3, 35) ?? '')
    expect(answer.verdict).toBe('completed')
    expect(answer.traceId).not.toBe(foreign)
    expect(answer.hops.map(({ service }) => service)).toEqual(['edge', 'behind'])
    expect(pair.seen[0]?.['traceparent']).not.toContain(foreign)
  })

  it('with a trusted context continue a foreign trace, and are found by its id', async () => {
    await using pair = await Pair.of(dir, {}, { clusterKey })
    await fetch(pair.url, { headers: { traceparent } })
    const answer = await resolve(foreign)
    expect({ ...answer, evidence: answer.evidence }).toMatchObject({ traceId: foreign, verdict: 'completed' })
    expect(answer.hops.map(({ service }) => service)).toEqual(['edge', 'behind'])
  })
})
