import type { Tracer } from '@hoptrace/core'
import type { MiddlewareHandler } from 'hono'
import { beginOnNode, statusOnNode } from './connection.js'
import { routeOf } from './route.js'

/**
 * Hono 4 middleware that records each request as a hop, where `@hono/node-server` serves the application. Put it before
 * everything else: `app.use(hoptrace(tracer))`. Responses, errors and error handling do not change. Requests that did not
 * come by a server of Node, such as those of `app.request()`, are not recorded.
 */
export function hoptrace(tracer: Tracer): MiddlewareHandler {
  return function hoptrace(c, next) {
    const inbound = beginOnNode(tracer, c.env)
    if (inbound === undefined) return next()
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
}
