import { once } from 'node:events'
import fastifyExpress from '@fastify/express'
import websocket from '@fastify/websocket'
import { exchange, listen, openKitTracer } from '@hoptrace/testkit'
import fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { hoptrace } from './index.js'

describe('Fastify with WebSockets', () => {
  it('records an upgrade as answered when the socket answers, and its handler has the hop', async () => {
    await using kit = await openKitTracer()
    const seen: unknown[] = []
    const app = fastify()
    app.register(hoptrace(kit.tracer))
    app.register(websocket)
    app.register(async (scope) => {
      scope.get('/rooms/:room', { websocket: true }, (socket) => {
        seen.push(kit.tracer.hop?.traceId)
        socket.on('message', (message) => socket.send(message as Buffer, { binary: false }))
      })
    })
    await app.ready()
    await using server = await listen(app.server)
    const url = `ws://127.0.0.1:${server.port}`
    const open = new WebSocket(`${url}/rooms/7`)
    open.on('open', () => open.send('hello'))
    const [echo] = (await once(open, 'message')) as [Buffer]
    expect(String(echo)).toBe('hello')
    const refused = new WebSocket(`${url}/none`)
    await once(refused, 'error')
    const records = await kit.records()
    expect(records.map(({ route, status, state, aborted }) => [route, status, state, aborted])).toEqual([
      ['/rooms/:room', 101, 'closed', false],
      [null, 404, 'closed', false],
    ])
    expect(seen).toEqual([records[0]?.traceId])
    open.terminate()
    await once(open, 'close')
  })

  it('closes the hop of an upgrade whose socket closes without an answer', async () => {
    await using kit = await openKitTracer()
    const app = fastify()
    app.register(hoptrace(kit.tracer))
    app.register(websocket)
    app.register(async (scope) => {
      scope.addHook('preHandler', async (request) => void request.raw.socket.destroy())
      scope.get('/x', { websocket: true }, () => undefined)
    })
    await app.ready()
    await using server = await listen(app.server)
    await once(new WebSocket(`ws://127.0.0.1:${server.port}/x`), 'error')
    expect(await kit.eventually(({ state }) => state === 'closed')).toMatchObject({
      status: null,
      aborted: true,
    })
  })
})

describe('Fastify with @fastify/express', () => {
  it('is answered, and recorded once', async () => {
    await using kit = await openKitTracer()
    const app = fastify()
    app.register(hoptrace(kit.tracer))
    await app.register(fastifyExpress)
    app.use((_req, res, next) => {
      res.setHeader('x-express', '1')
      next()
    })
    app.use('/in-express', (_req, res) => void res.end('express'))
    app.get('/items/:id', async () => ({ ok: true }))
    await app.ready()
    await using server = await listen(app.server)
    const answers = [
      await exchange(server.port, { path: '/items/1' }),
      await exchange(server.port, { path: '/in-express/1' }),
    ]
    expect(answers.map(({ status, body }) => [status, String(body)])).toEqual([
      [200, '{"ok":true}'],
      [200, 'express'],
    ])
    expect((await kit.records()).map(({ route, status }) => [route, status])).toEqual([
      ['/items/:id', 200],
      [null, 200],
    ])
  })
})
