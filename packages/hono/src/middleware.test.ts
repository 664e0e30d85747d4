import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { runInThisContext } from 'node:vm'
import { createAdaptorServer, upgradeWebSocket } from '@hono/node-server'
import { exchange, listen, openKitTracer } from '@hoptrace/testkit'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { stream } from 'hono/streaming'
import { createAdaptorServer as createAdaptorServer1 } from 'hono-node-server1'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { hoptrace } from './index.js'

/** For what may be thrown as well. */
const asError = (value: unknown): Error => value as Error

describe.each([
  ['@hono/node-server 2', (app: Hono) => createAdaptorServer({ fetch: app.fetch }) as Server],
  ['@hono/node-server 1', (app: Hono) => createAdaptorServer1({ fetch: app.fetch }) as Server],
])('Hono on %s', (_, serverOf) => {
  async function recordsOf(build: (app: Hono) => void, paths: readonly string[]) {
    await using kit = await openKitTracer()
    const app = new Hono()
    app.use(hoptrace(kit.tracer))
    build(app)
    await using server = await listen(serverOf(app))
    for (const path of paths) await exchange(server.port, { path }).catch(() => undefined)
    return kit.records()
  }
  const routesOf = async (build: (app: Hono) => void, ...paths: string[]): Promise<(string | null)[]> =>
    (await recordsOf(build, paths)).map(({ route }) => route)

  it('gives applications within applications the template of all their paths', async () => {
    const inner = new Hono().get('/items/:item{[0-9]+}', (c) => c.text('ok')).all('/any', (c) => c.text('ok'))
    const outer = new Hono().basePath('/users/:user').route('/', inner)
    outer.onError((_error, c) => c.text('outer', 500))
    const routes = await routesOf(
      (app) => app.route('/tenants/:tenant', outer).route('/plain', inner),
      '/tenants/7/users/7/items/7',
      '/plain/items/9',
      '/plain/any',
      '/tenants/7/users/secret',
      '/plain/secret',
    )
    expect(routes).toEqual([
      '/tenants/:tenant/users/:user/items/:item{[0-9]+}',
      '/plain/items/:item{[0-9]+}',
      '/plain/any',
      null,
      null,
    ])
  })

  it('takes the route that answers if others pass on', async () => {
    const routes = await routesOf((app) => {
      app.get('/:any', (_c, next) => next())
      app.use('/thing/*', (_c, next) => next())
      app.get('/thing', (c) => c.text('ok'))
    }, '/thing')
    expect(routes).toEqual(['/thing'])
  })

  it('has the path of a middleware that answers by itself, and none of one that is for all paths', async () => {
    const routes = await routesOf(
      (app) => {
        app.use('*', (c, next) =>
          c.req.query('all') === undefined ? next() : Promise.resolve(c.text('all')),
        )
        app.use('/admin/*', async (c, _next) => c.text('who?', 401))
      },
      '/admin/secret',
      '/secret?all',
      '/secret',
    )
    expect(routes).toEqual(['/admin/*', null, null])
  })

  it('records the errors that an application answers, also one within another, and one of its error handler', async () => {
    const records = await recordsOf(
      (app) => {
        const sub = new Hono().get('/x', () => {
          throw new Error('in sub')
        })
        sub.onError((_error, c) => c.text('sorry', 409))
        app.route('/sub', sub)
        app.get('/pay', () => {
          throw new HTTPException(402, { message: 'card 4111' })
        })
        app.get('/again', () => {
          throw new Error('first')
        })
        app.onError((error, c) => {
          if (c.req.path === '/again') throw new Error('second')
          return error instanceof HTTPException ? error.getResponse() : c.text('no', 500)
        })
      },
      ['/sub/x', '/pay', '/again'],
    )
    expect(records.map(({ route, status, error }) => [route, status, error?.message])).toEqual([
      ['/sub/x', 409, 'in sub'],
      ['/pay', 402, ''],
      ['/again', 500, 'first'],
    ])
  })

  it('records what a handler throws that is no error', async () => {
    const [record] = await recordsOf(
      (app) => app.get('/text', () => Promise.reject(asError('out of cups'))),
      ['/text'],
    )
    expect(record).toMatchObject({ route: '/text', status: 500, error: { message: 'out of cups' } })
  })

  it('records a request once if the middleware is installed twice', async () => {
    const records = await (async () => {
      await using kit = await openKitTracer()
      const app = new Hono()
      app.use(hoptrace(kit.tracer)).use('/x/*', hoptrace(kit.tracer))
      app.get('/x/:id', (c) => c.text('ok'))
      await using server = await listen(serverOf(app))
      expect((await exchange(server.port, { path: '/x/1' })).body.toString()).toBe('ok')
      return kit.records()
    })()
    expect(records).toMatchObject([{ route: '/x/:id', status: 200 }])
  })

  it('records only what is below the path under which it is installed', async () => {
    await using kit = await openKitTracer()
    const app = new Hono()
    const api = new Hono()
      .use(hoptrace(kit.tracer))
      .get('/items/:id', (c) => c.json({ trace: kit.tracer.hop?.traceId }))
    app.route('/api', api).get('/other', (c) => c.json({ trace: kit.tracer.hop?.traceId }))
    await using server = await listen(serverOf(app))
    expect((await exchange(server.port, { path: '/other' })).body.toString()).toBe('{}')
    const { body } = await exchange(server.port, { path: '/api/items/1' })
    const records = await kit.records()
    expect(records).toMatchObject([{ route: '/api/items/:id', status: 200 }])
    expect(JSON.parse(body.toString())).toEqual({ trace: records[0]?.traceId })
  })

  it('has its hop in what writes a stream, which ends the hop', async () => {
    await using kit = await openKitTracer()
    const seen = new Set<unknown>()
    const see = (): void => void seen.add(kit.tracer.hop?.traceId)
    const app = new Hono()
    app.use(hoptrace(kit.tracer))
    app.get('/stream', (c) =>
      stream(c, async (out) => {
        for (let i = 0; i < 20; i++) {
          see()
          await out.write('x'.repeat(50_000))
          await sleep(1)
        }
        see()
      }),
    )
    app.get('/pulled', () => {
      let reads = 0
      const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
        see()
        await sleep(1)
        see()
        if (++reads > 20) controller.close()
        else controller.enqueue(new Uint8Array(50_000))
      }
      return new Response(new ReadableStream({ pull }))
    })
    await using server = await listen(serverOf(app))
    for (const path of ['/stream', '/pulled']) {
      seen.clear()
      expect((await exchange(server.port, { path })).body).toHaveLength(1_000_000)
      const record = await kit.eventually(({ route, state }) => route === path && state === 'closed')
      expect(record).toMatchObject({ status: 200, aborted: false })
      expect(seen).toEqual(new Set([record.traceId]))
    }
  })

  it('leaves requests that come by no server alone', async () => {
    await using kit = await openKitTracer()
    const app = new Hono()
    app.use(hoptrace(kit.tracer)).get('/x', (c) => c.json({ hop: kit.tracer.hop !== undefined }))
    for (const env of [undefined, {}, { incoming: 'none' }])
      expect(await (await app.request('/x', {}, env)).json()).toEqual({ hop: false })
    expect(await kit.records()).toEqual([])
  })
})

describe('Hono with WebSockets', () => {
  it('records an upgrade as answered when its socket answers', async () => {
    await using kit = await openKitTracer()
    const app = new Hono()
    app.use(hoptrace(kit.tracer))
    app.get(
      '/ws/:room',
      upgradeWebSocket(() => ({ onMessage: ({ data }, socket) => socket.send(`${String(data)}!`) })),
    )
    const wss = new WebSocketServer({ noServer: true })
    const options = { fetch: app.fetch, websocket: { server: wss } } as Parameters<
      typeof createAdaptorServer
    >[0]
    await using server = await listen(createAdaptorServer(options) as Server)
    const client = new WebSocket(`ws://127.0.0.1:${server.port}/ws/7`)
    client.on('open', () => client.send('hello'))
    const [echo] = (await once(client, 'message')) as [Buffer]
    expect(String(echo)).toBe('hello!')
    const refused = new WebSocket(`ws://127.0.0.1:${server.port}/nowhere`)
    await once(refused, 'error')
    const records = await kit.records()
    expect(records).toMatchObject([
      { route: '/ws/:room', status: 101, state: 'closed', aborted: false },
      { route: null, status: 404, state: 'closed', aborted: false },
    ])
    client.close()
    await once(client, 'close')
  })
})

describe('README.md', () => {
  it('shows an example that runs', async () => {
    await using kit = await openKitTracer()
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const [, example = ''] = /```ts\n([^]*?)```/.exec(readme) ?? []
    const body = example.replace(/^import .*\n/gm, '').replace(/^const tracer = .*\n/m, '')
    let made: Server | undefined
    const serve = (options: Parameters<typeof createAdaptorServer>[0]): void => {
      made = createAdaptorServer(options) as Server
    }
    const run = runInThisContext(`((tracer, hoptrace, Hono, serve) => {${body}})`) as (
      ...given: unknown[]
    ) => void
    run(kit.tracer, hoptrace, Hono, serve)
    await using server = await listen(made as unknown as Server)
    expect((await exchange(server.port, { path: '/orders/42' })).status).toBe(200)
    expect(await kit.records()).toMatchObject([{ route: '/orders/:id', keys: { orderId: '42' } }])
  })
})
