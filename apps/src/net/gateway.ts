import httpProxy from '@fastify/http-proxy'
import { hoptrace as hoptraceExpress } from '@hoptrace/express'
import { hoptrace as hoptraceFastify } from '@hoptrace/fastify'
import express, { type RequestHandler } from 'express'
import expressHttpProxy from 'express-http-proxy'
import fastify from 'fastify'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { serveUntilStopped } from '../services/lifecycle.js'
import type { GatewayRoute } from './gateway-kinds.js'
import { tracerOf } from './traced.js'

// A traced gateway that passes requests on with all their headers, as people write one: a port a route. ROUTES says which.

const routes = JSON.parse(process.env['ROUTES'] ?? '[]') as GatewayRoute[]
const tracer = tracerOf(process.env['SERVICE'] ?? 'gateway')

const closers: (() => Promise<unknown>)[] = []
for (const route of routes) closers.push(await open(route))
serveUntilStopped(routes[0]?.port ?? 0, tracer, () => Promise.all(closers.map((close) => close())))

function open(route: GatewayRoute): Promise<() => Promise<unknown>> {
  switch (route.kind) {
    case 'http-proxy-middleware':
      return openExpress(route, createProxyMiddleware({ target: route.target }))
    case 'express-http-proxy':
      return openExpress(route, expressHttpProxy(route.target))
    case 'fetch':
      return openExpress(route, passOn(route.target))
    case '@fastify/http-proxy':
      return openFastify(route)
  }
}

function openExpress({ port }: GatewayRoute, handler: RequestHandler): Promise<() => Promise<unknown>> {
  const app = express().use(hoptraceExpress(tracer)).use(handler)
  return new Promise((resolve, reject) => {
    const server = app.listen(port, '0.0.0.0', () =>
      resolve(async () => {
        server.close()
        server.closeAllConnections()
      }),
    )
    server.once('error', reject)
  })
}

async function openFastify({ port, target }: GatewayRoute): Promise<() => Promise<unknown>> {
  const app = fastify({ forceCloseConnections: true })
  await app.register(hoptraceFastify(tracer))
  await app.register(httpProxy, { upstream: target })
  await app.listen({ port, host: '0.0.0.0' })
  return () => app.close()
}

/** `fetch` with the headers that came, but for the ones that belong to the connection. */
function passOn(target: string): RequestHandler {
  return async (req, res) => {
    const { host: _host, connection: _connection, ...headers } = req.headers
    const parts: Buffer[] = []
    for await (const part of req) parts.push(part as Buffer)
    const response = await fetch(new URL(req.url, target), {
      method: req.method,
      headers: headers as Record<string, string>,
      ...(parts.length > 0 ? { body: Buffer.concat(parts) } : {}),
    })
    const body = Buffer.from(await response.arrayBuffer())
    res.status(response.status)
    for (const [name, value] of response.headers) {
      if (name !== 'content-encoding' && name !== 'transfer-encoding') res.setHeader(name, value)
    }
    res.end(body)
  }
}
