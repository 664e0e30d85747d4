import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { inboundOf } from '@hoptrace/core'

/** What Express and Restify leave on a request. */
type RoutedRequest = IncomingMessage & {
  readonly baseUrl?: unknown
  readonly route?: { readonly path?: unknown }
}

/**
 * The template of the route that a framework has matched; undefined where it shows none. Below a mounted router, Express shows the path
 * of the request in place of the mount's pattern, so there is none either.
 */
export function templateOf(req: IncomingMessage): string | undefined {
  const { baseUrl = '', route } = req as RoutedRequest
  const path = route?.path
  if (baseUrl !== '') return undefined
  if (Array.isArray(path)) return path.map(String).join('|')
  return typeof path === 'string' || path instanceof RegExp ? String(path) : undefined
}

interface FastifyLike {
  addHook(name: string, hook: (...args: never[]) => void): unknown
}
interface FastifyRequestLike {
  readonly raw: IncomingMessage
  readonly routeOptions?: { readonly url?: string }
}

/** Fastify says on a channel that an application is made; its hooks show routes and errors. */
export function observeFastify(): void {
  subscribe('fastify.initialization', (message) => {
    const { fastify } = message as { readonly fastify: FastifyLike }
    fastify.addHook('onRequest', (request: FastifyRequestLike, _reply: unknown, done: () => void) => {
      // Fastify makes `routeOptions` each time.
      let template: string | undefined
      inboundOf(request.raw)?.route(() => (template ??= request.routeOptions?.url))
      done()
    })
    fastify.addHook(
      'onError',
      (request: FastifyRequestLike, _reply: unknown, error: unknown, done: () => void) => {
        inboundOf(request.raw)?.fail(error)
        done()
      },
    )
  })
}
