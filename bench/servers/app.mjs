// One hello-world server: node app.mjs <express|koa|fastify|handler> <bare|hoptrace|hook|otel>. Reports its port and CPU use by IPC.
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

const apps = {
  async express() {
    const { default: express } = await import('express')
    const app = express()
    if (middleware) app.use(middleware)
    app.get('/hello/:name', (req, res) => res.json({ hello: req.params.name }))
    return createServer(app)
  },
  async koa() {
    const { default: Koa } = await import('koa')
    const app = new Koa()
    if (middleware) app.use(middleware)
    app.use((ctx) => {
      ctx.body = { hello: ctx.path.slice(7) }
    })
    return createServer(app.callback())
  },
  async fastify() {
    const { default: fastify } = await import('fastify')
    const app = fastify()
    if (middleware) await app.register(middleware)
    app.get('/hello/:name', async (req) => ({ hello: req.params.name }))
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
process.on('message', async (message) => {
  // The process was started with --import: its tracer is made when the server begins to listen.
  if (mode === 'hook') tracer ??= (await import('@hoptrace/node')).tracer()
  if (message === 'cpu') process.send({ cpu: process.cpuUsage(), stats: tracer?.stats() })
  if (message === 'stop') {
    server.close()
    server.closeAllConnections()
    await tracer?.close()
    await provider?.shutdown()
    process.exit(0)
  }
})
process.on('disconnect', () => process.exit(0))
