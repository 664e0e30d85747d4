// One server: node app.mjs <express|koa|fastify|handler> <bare|hoptrace|hook|otel>. Reports its port by IPC,
// and what its process uses. `/hello/world` is a leaf. `/order/42` has three events, a key, and two calls to
// BENCH_CALLEE, of which one is slow.
import { createServer } from 'node:http'

const [framework, mode] = process.argv.slice(2)
const provider = mode === 'otel' ? (await import('./otel.mjs')).startOpenTelemetry(framework) : undefined
let tracer
let middleware
if (mode === 'hoptrace') {
  const { createTracer } = await import('@hoptrace/core')
  tracer = createTracer({ service: 'bench', dataDir: process.env.BENCH_DIR })
  const adapter = framework === 'handler' ? 'fetch' : framework
  middleware = (await import(`@hoptrace/${adapter}`)).hoptrace(tracer)
}

// Once its runtime is known: OpenTelemetry wraps what is loaded after it.
const order = await orderOf()

/** What an order does, with what records it. */
async function orderOf() {
  const callee = process.env.BENCH_CALLEE
  if (callee === undefined) return undefined
  const { default: axios } = await import('axios')
  const { Agent } = await import('node:http')
  const client = axios.create({ baseURL: callee, httpAgent: new Agent({ keepAlive: true, maxSockets: 256 }) })
  if (mode === 'hoptrace') (await import('@hoptrace/axios')).traceAxios(client, tracer)
  const { event, setKey } = await recordingOf()
  return async (id) => {
    event('order.received', { items: 3 })
    setKey('orderId', id)
    await client.get('/stock')
    event('stock.reserved', { warehouse: 'b' })
    const { data } = await client.get('/payment')
    event('payment.taken', { amount: 12.5, currency: 'EUR' })
    return { id, payment: data }
  }
}

async function recordingOf() {
  if (mode === 'hoptrace') {
    return {
      event: (name, attributes) => tracer.hop?.event(name, attributes),
      setKey: (name, value) => tracer.hop?.setKey(name, value),
    }
  }
  if (mode === 'otel') {
    const { trace } = await import('@opentelemetry/api')
    return {
      event: (name, attributes) => trace.getActiveSpan()?.addEvent(name, attributes),
      setKey: (name, value) => trace.getActiveSpan()?.setAttribute(name, value),
    }
  }
  return { event: () => undefined, setKey: () => undefined }
}

const apps = {
  async express() {
    const { default: express } = await import('express')
    const app = express()
    if (middleware) app.use(middleware)
    app.get('/hello/:name', (req, res) => res.json({ hello: req.params.name }))
    app.get('/order/:id', async (req, res) => res.json(await order(req.params.id)))
    return createServer(app)
  },
  async koa() {
    const { default: Koa } = await import('koa')
    const app = new Koa()
    if (middleware) app.use(middleware)
    app.use(async (ctx) => {
      ctx.body = ctx.path.startsWith('/order/')
        ? await order(ctx.path.slice(7))
        : { hello: ctx.path.slice(7) }
    })
    return createServer(app.callback())
  },
  async fastify() {
    const { default: fastify } = await import('fastify')
    const app = fastify()
    if (middleware) await app.register(middleware)
    app.get('/hello/:name', async (req) => ({ hello: req.params.name }))
    app.get('/order/:id', (req) => order(req.params.id))
    await app.ready()
    return app.server
  },
  // Without a server of `node:http`: that of Bun or of Deno.
  handler() {
    const plain = (request) => Response.json({ hello: new URL(request.url).pathname.slice(7) })
    const fetch = middleware ? middleware(plain) : plain
    const on = { hostname: '127.0.0.1', port: 0 }
    const server = globalThis.Bun?.serve({ ...on, fetch }) ?? Deno.serve({ ...on, onListen() {} }, fetch)
    return {
      listen: (port, host, listening) => listening(),
      address: () => ({ port: server.port ?? server.addr.port }),
      close: () => undefined,
      closeAllConnections: () => undefined,
    }
  },
}

const server = await apps[framework]()
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
// Since the last answer.
let peakBytes = 0
setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), 100).unref()

process.on('message', async (message) => {
  // The process was started with --import: its tracer is made when the server begins to listen.
  if (mode === 'hook') tracer ??= (await import('@hoptrace/node')).tracer()
  if (message === 'usage') {
    globalThis.gc?.()
    const memory = process.memoryUsage()
    peakBytes = Math.max(peakBytes, memory.rss)
    process.send({ cpu: process.cpuUsage(), memory, peakBytes, stats: tracer?.stats() })
    peakBytes = 0
  }
  if (message === 'stop') {
    server.close()
    server.closeAllConnections()
    await tracer?.close()
    await provider?.shutdown()
    process.exit(0)
  }
})
process.on('disconnect', () => process.exit(0))
