import { beginInbound, type Tracer } from '@hoptrace/core'
import type { Middleware } from 'koa'

/**
 * Koa 2 and 3 middleware that records each request as a hop. Put it before everything else:
 * `app.use(hoptrace(tracer))`. Responses, errors and error handling do not change. Route templates come from
 * `@koa/router` or `koa-router`.
 */
export function hoptrace(tracer: Tracer): Middleware {
  return function hoptrace(ctx, next): unknown {
    const inbound = beginInbound(tracer, ctx.req, ctx.res)
    if (inbound === undefined) return next()
    inbound.route(() => templateOf(ctx['_matchedRoute']))
    // Koa's `next` always returns a promise; an async function here would add two more to each request.
    return inbound.run(next).then(
      (result: unknown) => {
        inbound.handled(ctx.status)
        return result
      },
      (error: unknown) => {
        inbound.fail(error)
        inbound.handled()
        throw error
      },
    )
  }
}

/** The route that a router put on the context: a path with its prefixes, or a pattern. */
function templateOf(matched: unknown): string | undefined {
  return typeof matched === 'string' ? matched : matched instanceof RegExp ? String(matched) : undefined
}
