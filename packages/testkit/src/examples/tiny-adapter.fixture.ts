import { beginInbound, type Tracer } from '@hoptrace/core'
import type { TinyMiddleware } from './tiny-http.fixture.js'

/** Records each request as a hop. Put it before everything else: `app.use(hoptrace(tracer))`. */
export function hoptrace(tracer: Tracer): TinyMiddleware {
  return async (ctx, next) => {
    const inbound = beginInbound(tracer, ctx.req, ctx.res)
    if (inbound === undefined) return next()
    inbound.route(() => ctx.route)
    try {
      await inbound.run(next)
      inbound.handled()
    } catch (error) {
      inbound.fail(error)
      inbound.handled()
      throw error
    }
  }
}
