import http from 'node:http'
import type { AddressInfo } from 'node:net'
import httpProxy from '@fastify/http-proxy'
import { traceAxios } from '@hoptrace/axios'
import type { Tracer } from '@hoptrace/core'
import { hoptrace as hoptraceExpress } from '@hoptrace/express'
import { hoptrace as hoptraceFastify } from '@hoptrace/fastify'
import { inHop, listen, openKitTracer } from '@hoptrace/testkit'
import axios from 'axios'
import express, { type RequestHandler } from 'express'
import expressHttpProxy from 'express-http-proxy'
import fastify from 'fastify'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { describe, expect, it } from 'vitest'

/** Opens a traced gateway; disposing closes it. */
type Open = (tracer: Tracer, target: string) => Promise<AsyncDisposable & { readonly url: string }>

const ofExpress =
  (handlerFor: (target: string) => RequestHandler): Open =>
  async (tracer, target) =>
    listen(http.createServer(express().use(hoptraceExpress(tracer)).use(handlerFor(target))))

/** As people write one: all headers there, all headers back. */
const fetches = (target: string): RequestHandler =>
  async function fetches(req, res) {
    const { host: _host, connection: _connection, ...headers } = req.headers
    const response = await fetch(new URL(req.url, target), { headers: headers as Record<string, string> })
    const body = Buffer.from(await response.arrayBuffer())
    const { 'transfer-encoding': _chunked, ...back } = Object.fromEntries(response.headers)
    res.writeHead(response.status, back)
    res.end(body)
  }

const gateways: readonly (readonly [string, Open])[] = [
  ['http-proxy-middleware', ofExpress((target) => createProxyMiddleware({ target }))],
  ['express-http-proxy', ofExpress((target) => expressHttpProxy(target))],
  ['fetch with the headers that came', ofExpress(fetches)],
  [
    '@fastify/http-proxy',
    async (tracer, target) => {
      const app = fastify({ forceCloseConnections: true })
      await app.register(hoptraceFastify(tracer))
      await app.register(httpProxy, { upstream: target })
      await app.listen({ port: 0, host: '127.0.0.1' })
      return {
        url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
        [Symbol.asyncDispose]: async () => void (await app.close()),
      }
    },
  ],
]

describe('a traced gateway that passes on the headers that came', () => {
  it.each(gateways)('has a hop of its own, beside that of its callee: %s', async (_, open) => {
    await using kit = await openKitTracer({ service: 'caller' })
    const { dataDir } = kit
    await using gateway = await openKitTracer({ service: 'gateway', dataDir })
    await using callee = await openKitTracer({ service: 'callee', dataDir })
    const app = express().use(hoptraceExpress(callee.tracer))
    app.get('/items/:id', (_req, res) => void res.json({ ok: true }))
    await using behind = await listen(http.createServer(app))
    await using front = await open(gateway.tracer, behind.url)
    const client = traceAxios(axios.create(), kit.tracer)
    const { calls } = await inHop(kit, async () => {
      await client.get(`${front.url}/items/1`)
      await client.get(`${front.url}/items/2`)
    })
    const at = new URL(front.url).host
    const hops = await gateway.records()
    const behindHops = await callee.records()
    expect(hops).toHaveLength(2)
    expect(behindHops).toHaveLength(2)
    for (const [i, call] of calls.entries()) {
      const [hop, below] = [hops[i], behindHops[i]]
      expect(call).toMatchObject({
        outcome: '200',
        hopId: hop?.hopId,
        service: i === 0 ? null : 'gateway',
        servedBy: { hopId: hop?.hopId, service: 'gateway', address: at },
      })
      // Time and sequence are those of the call, the address is its own.
      expect(below?.hopId).not.toBe(call.hopId)
      expect(below?.hopId.slice(0, 20)).toBe(call.hopId.slice(0, 20))
      expect(below?.instance.address).toBe(new URL(behind.url).host)
    }
  })
})
