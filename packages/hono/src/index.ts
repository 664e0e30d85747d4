import { beginFetch, connectionOf, type FetchHop, type InboundHop, type Tracer } from '@hoptrace/core'
import type { Context, MiddlewareHandler, Next } from 'hono'
import { beginOnNode, statusOnNode } from './connection.js'
import { routeOf } from './route.js'

/**
 * Hono 4 middleware that records each request as a hop, where `@hono/node-server`, `Bun.serve` or `Deno.serve` serves the
 * application. Put it before everything else: `app.use(hoptrace(tracer))`. Responses, errors and error handling do not change.
 * Requests that did not come by such a server, as those of `app.request()`, are not recorded.
 */
export function hoptrace(tracer: Tracer): MiddlewareHandler {
  return function hoptrace(c, next) {
    const inbound = beginOnNode(tracer, c.env)
    if (inbound !== undefined) return onNode(inbound, c, next)
    const connection = connectionOf(c.req.raw, c.env)
    const fetched = connection && beginFetch(tracer, c.req.raw, connection)
    return fetched === undefined ? next() : elsewhere(fetched, c, next)
  }
}

function onNode(inbound: InboundHop, c: Context, next: Next): Promise<void> {
  inbound.route(routeOf(c, () => statusOnNode(c.env)))
  return inbound.run(next).then(
    () => {
      // Hono answers an error where it is thrown, so `next` does not reject.
      if (c.error !== undefined) inbound.fail(c.error)
      // Asked for earlier, `c.res` would make a response whose headers the real one takes over.
      inbound.handled(c.finalized ? c.res.status : undefined)
    },
    (error: unknown) => {
      // What is no `Error`, and what `onError` throws.
      inbound.fail(c.error ?? error)
      inbound.handled()
      throw error
    },
  )
}

async function elsewhere(inbound: FetchHop, c: Context, next: Next): Promise<void> {
  inbound.route(routeOf(c, () => (c.finalized ? c.res.status : undefined)))
  try {
    await inbound.run(next)
  } catch (error) {
    inbound.fail(c.error ?? error)
    inbound.handled(500)
    throw error
  }
  if (c.error !== undefined) inbound.fail(c.error)
  if (!c.finalized) return inbound.handled()
  const response = await inbound.respond(c.res)
  if (response === c.res) return
  // Hono merges a response into the one before.
  c.res = undefined
  c.res = response
}
