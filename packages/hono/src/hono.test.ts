import type { Server } from 'node:http'
import { Readable } from 'node:stream'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { serverAdapterSuite, type KitReply, type ServerSetup } from '@hoptrace/testkit'
import { Hono, type Context } from 'hono'
import { createAdaptorServer as createAdaptorServer1 } from 'hono-node-server1'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { hoptrace } from './index.js'

type Answer = Extract<KitReply, { readonly status: number }>
type App = Hono<{ Bindings: HttpBindings }>

async function readJson(c: Context): Promise<unknown> {
  try {
    return await c.req.json()
  } catch {
    throw new HTTPException(400, { message: 'malformed JSON' })
  }
}

function responseOf(c: Context, { status, headers = {}, body }: Answer): Response {
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
  if (body === undefined) return c.body(null, status as ContentfulStatusCode)
  if (typeof body === 'string') return c.body(body, status as ContentfulStatusCode)
  if (Buffer.isBuffer(body)) return c.body(new Uint8Array(body), status as ContentfulStatusCode)
  if (body instanceof Readable)
    return c.body(Readable.toWeb(body) as ReadableStream, status as ContentfulStatusCode)
  return c.json(body, status as ContentfulStatusCode)
}

const create =
  (serverOf: (fetch: App['fetch']) => Server) =>
  ({ tracer, under, routes, onError }: ServerSetup): Server => {
    const app: App = new Hono()
    if (tracer !== undefined) app.use(under === undefined ? '*' : `${under}/*`, hoptrace(tracer))
    app.onError((error, c) => {
      onError(error)
      if (error instanceof HTTPException) return error.getResponse()
      const { status = 500 } = error as { status?: ContentfulStatusCode }
      return c.text(error.message, status)
    })
    for (const { method, path, mount, handle } of routes) {
      const scope: App = mount === undefined ? app : new Hono()
      scope.on(method, path, async (c) => {
        const body = method === 'POST' ? await readJson(c) : undefined
        const { incoming: req, outgoing: res } = c.env
        const answer = await handle({
          req: req,
          res: res,
          params: c.req.param(),
          body,
        })
        return answer === undefined || 'passOn' in answer ? RESPONSE_ALREADY_SENT : responseOf(c, answer)
      })
      if (mount !== undefined) app.route(mount, scope)
    }
    return serverOf(app.fetch)
  }

const supports = { asyncErrors: true, passOn: false, handled: true }

serverAdapterSuite({
  name: 'Hono on @hono/node-server 2',
  supports,
  create: create((fetch) => createAdaptorServer({ fetch }) as Server),
})
serverAdapterSuite({
  name: 'Hono on @hono/node-server 1',
  supports,
  create: create((fetch) => createAdaptorServer1({ fetch }) as Server),
})
