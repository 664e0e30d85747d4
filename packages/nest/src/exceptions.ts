import type { IncomingMessage } from 'node:http'
import { inboundOf, wrapShared } from '@hoptrace/core'
import { HttpStatus, type ArgumentsHost } from '@nestjs/common'
import { ExceptionsHandler } from '@nestjs/core/exceptions/exceptions-handler.js'

type Next = (this: object, exception: unknown, host: ArgumentsHost) => void

/**
 * Makes hops see every exception, whichever filter answers it. A filter of the application's hides it from other filters, and
 * an interceptor sees none of a guard or a middleware; all of them pass through the handler that looks for the filter.
 */
export function observeExceptions(): void {
  wrapShared<Next>(ExceptionsHandler.prototype, 'next', (original) => {
    return function (exception, host) {
      record(exception, host)
      original().call(this, exception, host)
    }
  })
}

/** The request of Express, or Fastify's around it, and the template of its route. */
type NestRequest = IncomingMessage & {
  readonly raw?: IncomingMessage
  readonly route?: unknown
  readonly routeOptions?: { readonly url?: string }
}

function record(exception: unknown, host: ArgumentsHost): void {
  const request = host.getArgByIndex<NestRequest | undefined>(0)
  if (typeof request !== 'object') return
  const inbound = inboundOf(request.raw ?? request)
  if (inbound?.hop.closed !== false) return
  // Nest answers a path without a route by an exception; other frameworks have none there.
  const isRouted = request.route !== undefined || request.routeOptions?.url !== undefined
  const { status } = (exception ?? {}) as { readonly status?: unknown }
  if (!isRouted && status === HttpStatus.NOT_FOUND) return
  inbound.fail(exception)
}
