import { Readable } from 'node:stream'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { KitReply, ServerSetup } from '@hoptrace/testkit'
import { Hono, type Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { hoptrace } from './index.js'

type Answer = Extract<KitReply, { readonly status: number }>
export type App = Hono<{ Bindings: HttpBindings }>

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
    return c.body(Readable.toWeb(inBytes(body)) as ReadableStream, status as ContentfulStatusCode)
  return c.json(body, status as ContentfulStatusCode)
}

/** The application of the kit. */
export function appOf({ tracer, under, routes, onError }: ServerSetup): App {
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
  return app
}

/** A body on Deno takes no text. */
const inBytes = (parts: Readable): Readable =>
  parts.map((part: string | Uint8Array) => Buffer.from(part as string))
