import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import http, { createServer, Server, type IncomingMessage, type RequestListener } from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import { variables, type HopRecord } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import { exchange, listen, openKitTracer, type KitTracer } from '@hoptrace/testkit'
import express from 'express'
import Fastify from 'fastify'
import { WebSocket, WebSocketServer } from 'ws'
import { describe, expect, it, vi } from 'vitest'
import { start, tracer } from './index.js'

const ownEmit = [Server, https.Server].map(({ prototype }) => Object.hasOwn(prototype, 'emit'))
start()

/** The records of a tracer, as soon as there are so many that are closed. */
async function closedHops(kit: KitTracer, count: number): Promise<readonly HopRecord[]> {
  return vi.waitFor(
    async () => {
      const records = (await kit.records()).filter(({ state }) => state === 'closed')
      expect(records).toHaveLength(count)
      return records
    },
    { timeout: 300_000, interval: 20 },
  )
}

const listening = (listener: RequestListener) => listen(createServer(listener))

describe('README.md', () => {
  it('has every variable', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const rows = readme.split('\n').filter((line) => line.startsWith('| `HOPTRACE_'))
    expect(rows).toEqual(
      variables.map(
        ({ name, option, values, without }) => `| \`${name}\` | \`${option}\` | ${values} | ${without} |`,
      ),
    )
  })
})

describe('a process with the hook', () => {
  it('records each request of a plain server, which is the current hop of its handler, and what it calls', async () => {
    await using kit = await openKitTracer()
    await using leaf = await listening((_, res) => res.end('leaf'))
    const handle: RequestListener = (_, res) => {
      const answer = async (): Promise<void> => {
        tracer()?.hop?.setKey('orderId', '42')
        const [sent] = (await once(http.get(leaf.url), 'response')) as [IncomingMessage]
        res.end((await text(sent)) + (await (await fetch(leaf.url)).text()))
      }
      void answer()
    }
    await using server = await listening(handle)
    expect(tracer()).toBe(kit.tracer)
    expect((await exchange(server.port, { path: '/secret/42' })).body.toString()).toBe('leafleaf')
    const [front, ...leaves] = (await closedHops(kit, 3)).toSorted((a, b) => b.next.length - a.next.length)
    expect(front).toMatchObject({ method: 'GET', route: null, status: 200, keys: { orderId: '42' } })
    expect(front?.next.map(({ outcome }) => outcome)).toEqual(['200', '200'])
    expect(new Set(leaves.map(({ hopId }) => hopId))).toEqual(new Set(front?.next.map(({ hopId }) => hopId)))
    expect(
      JSON.stringify(front, (_, value: unknown) => (typeof value === 'bigint' ? 0 : value)),
    ).not.toContain('secret')
  })

  it('records a request with an adapter once, with what the adapter knows of it', async () => {
    await using kit = await openKitTracer()
    const app = express()
    app.use(hoptrace(kit.tracer), hoptrace(kit.tracer))
    const router = express.Router()
    router.get('/:id', () => {
      throw new Error('sold out')
    })
    app.use('/orders', router)
    app.use(((_error, _req, res, _next) => void res.status(503).end()) as express.ErrorRequestHandler)
    await using server = await listening(app)
    await exchange(server.port, { path: '/orders/42' })
    const [hop] = await closedHops(kit, 1)
    expect(hop).toMatchObject({ route: '/orders/:id', status: 503, error: { message: 'sold out' } })
  })

  it('finds the templates of Express without an adapter, and none below a mount', async () => {
    await using kit = await openKitTracer()
    const app = express()
    app.get('/orders/:id', (_req, res) => void res.end())
    app.get(/^\/(?:a|b)$/, (_req, res) => void res.end())
    app.use(
      '/tenants/:tenant',
      express.Router().get('/orders', (_req, res) => void res.end()),
    )
    await using server = await listening(app)
    for (const path of ['/orders/1', '/a', '/tenants/acme/orders', '/nowhere/acme'])
      await exchange(server.port, { path })
    const routes = (await closedHops(kit, 4)).map(({ route }) => route)
    expect(routes).toEqual(['/orders/:id', '/^\\/(?:a|b)$/', null, null])
  })

  it('finds the templates and the errors of Fastify', async () => {
    await using kit = await openKitTracer()
    const app = Fastify()
    app.register(
      (under, _options, done) => {
        under.get('/orders/:id', () => {
          throw new Error('sold out')
        })
        done()
      },
      { prefix: '/shop' },
    )
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as { port: number }
    await exchange(port, { path: '/shop/orders/1' })
    await exchange(port, { path: '/shop/nowhere' })
    const hops = await closedHops(kit, 2)
    await app.close()
    expect(hops.map(({ route, status, error }) => [route, status, error?.message])).toEqual([
      ['/shop/orders/:id', 500, 'sold out'],
      [null, 404, undefined],
    ])
  })

  it('records an upgrade, and a request that waits to continue', async () => {
    await using kit = await openKitTracer()
    const server = createServer((_, res) => void res.end('plain'))
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => socket.send('hello'))
    server.on('checkContinue', (_req, res) => {
      res.writeContinue()
      server.emit('request', _req, res)
    })
    await using at = await listen(server)
    const client = new WebSocket(`ws://127.0.0.1:${at.port}/`)
    const [greeting] = (await once(client, 'message')) as [Buffer]
    expect(greeting.toString()).toBe('hello')
    client.terminate()
    await exchange(at.port, { path: '/', method: 'POST', headers: { expect: '100-continue' }, body: 'x' })
    const hops = await closedHops(kit, 2)
    expect(hops.map(({ status }) => status)).toEqual([101, 200])
    sockets.close()
  })

  it('says once that a second tracer of the process records nothing', async () => {
    await using kit = await openKitTracer()
    await using other = await openKitTracer({ service: 'other' })
    const told: Error[] = []
    const listener = (warning: Error): void => void told.push(warning)
    process.on('warning', listener)
    const app = express().use(hoptrace(other.tracer))
    app.get('/', (_req, res) => void res.end())
    await using server = await listening(app)
    await exchange(server.port, { path: '/' })
    await exchange(server.port, { path: '/' })
    await closedHops(kit, 2)
    expect(await other.records()).toEqual([])
    process.off('warning', listener)
    expect(told.map((warning) => (warning as NodeJS.ErrnoException).code)).toEqual(['HOPTRACE_TWO_TRACERS'])
  })

  it('gives Node its own methods back when the last tracer closes', async () => {
    const kit = await openKitTracer()
    await using server = await listening((_, res) => void res.end('ok'))
    expect(Object.hasOwn(Server.prototype, 'emit')).toBe(true)
    await kit[Symbol.asyncDispose]()
    expect([Server, https.Server].map(({ prototype }) => Object.hasOwn(prototype, 'emit'))).toEqual(ownEmit)
    expect((await exchange(server.port, { path: '/' })).status).toBe(200)
  })
})
