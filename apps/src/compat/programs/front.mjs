// The service under test: node front.mjs FRAMEWORK. Its route asks the second service by the client that the query names.
import { createTracer } from '@hoptrace/core'
import { traceFetch } from '@hoptrace/fetch'
import { traceHttp } from '@hoptrace/http'
import { tracer as tracerOfHook } from '@hoptrace/node'
import { clientOf } from './clients.mjs'

const [framework] = process.argv.slice(2)
const name = framework.replace(/-\w+$/, '')
const hooked = process.env.HOPTRACE_SERVICE !== undefined
const tracer = hooked ? undefined : createTracer({ service: 'front' })
if (tracer !== undefined) {
  traceHttp(tracer)
  traceFetch(tracer)
}

const clients = new Map()

/** What each route does: `id` is the path's parameter, of `ok-…` or `failing-…`. */
async function order(id, query) {
  const now = tracer ?? tracerOfHook()
  now.hop.setKey('order', id)
  const client = query.client
  if (!clients.has(client)) clients.set(client, await clientOf(client, now))
  const status = await clients.get(client)(`${process.env.STOCK}/${id.split('-')[0]}`)
  if (status !== 200) throw new Error(`stock answered ${status}`)
  return { status }
}

process.once('SIGTERM', () => {
  const now = tracer ?? tracerOfHook()
  now.close().then(() => process.exit())
})

const listening = (server) => console.log(JSON.stringify({ port: server.address().port }))

const frameworks = {
  async express() {
    const { default: express } = await import(framework)
    const { hoptrace } = await import('@hoptrace/express')
    const app = express()
    if (tracer !== undefined) app.use(hoptrace(tracer))
    app.get('/orders/:id', (req, res, next) => {
      order(req.params.id, req.query).then((answer) => res.json(answer), next)
    })
    app.use((_error, _req, res, _next) => res.status(500).end())
    const server = app.listen(0, '127.0.0.1', () => listening(server))
  },
  async koa() {
    const { default: Koa } = await import(framework)
    const { default: Router } = await import('@koa/router')
    const { hoptrace } = await import('@hoptrace/koa')
    const app = new Koa()
    app.silent = true
    app.use(hoptrace(tracer))
    const router = new Router()
    router.get('/orders/:id', async (ctx) => {
      ctx.body = await order(ctx.params.id, ctx.query)
    })
    app.use(router.routes())
    const server = app.listen(0, '127.0.0.1', () => listening(server))
  },
  async fastify() {
    const { default: fastify } = await import(framework)
    const { hoptrace } = await import('@hoptrace/fastify')
    const app = fastify()
    if (tracer !== undefined) await app.register(hoptrace(tracer))
    app.get('/orders/:id', (request) => order(request.params.id, request.query))
    await app.listen({ port: 0, host: '127.0.0.1' })
    listening(app.server)
  },
  async hono() {
    const { Hono } = await import('hono')
    const { serve } = await import(`hono-node-server-${framework.split('-').at(-1)}`)
    const { hoptrace } = await import('@hoptrace/hono')
    const app = new Hono()
    app.use(hoptrace(tracer))
    app.get('/orders/:id', async (c) => c.json(await order(c.req.param('id'), c.req.query())))
    app.onError((_error, c) => c.text('failed', 500))
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => listening(server))
  },
  async nest() {
    const { startNest } = await import('./nest.mjs')
    listening(await startNest(framework.split('-').at(-1), tracer, order))
  },
  async http() {
    const { createServer } = await import('node:http')
    const server = createServer((req, res) => {
      const { pathname, searchParams } = new URL(req.url, 'http://front')
      order(pathname.split('/').at(-1), Object.fromEntries(searchParams)).then(
        () => res.end('ok'),
        () => res.writeHead(500).end(),
      )
    })
    server.listen(0, '127.0.0.1', () => listening(server))
  },
  async hapi() {
    const { default: Hapi } = await import(framework)
    const app = Hapi.server({ port: 0, host: '127.0.0.1' })
    app.route({
      method: 'GET',
      path: '/orders/{id}',
      handler: (request) => order(request.params.id, request.query),
    })
    await app.start()
    listening(app.listener)
  },
  async restify() {
    const { default: restify } = await import(framework)
    const app = restify.createServer()
    app.use(restify.plugins.queryParser())
    app.get('/orders/:id', (req, res, next) => {
      order(req.params.id, req.query).then(
        (answer) => {
          res.send(answer)
          next()
        },
        (error) => next(error),
      )
    })
    app.on('restifyError', (_req, _res, _error, done) => done())
    app.listen(0, '127.0.0.1', () => listening(app.server))
  },
}
await frameworks[name]()
