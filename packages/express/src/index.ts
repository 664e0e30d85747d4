import { beginInbound, type Tracer } from '@hoptrace/core'
import type { RequestHandler } from 'express'
import { observeLayers } from './layers.js'

/**
 * Express 4 and 5 middleware that records each request as a hop. Put it before everything else:
 * `app.use(hoptrace(tracer))`. Responses, errors and error handling do not change.
 */
export function hoptrace(tracer: Tracer): RequestHandler {
  return function hoptrace(req, res, next) {
    const inbound = beginInbound(tracer, req, res)
    if (inbound === undefined) {
      next()
      return
    }
    observeLayers(tracer, req, inbound)
    inbound.run(next)
  }
}
