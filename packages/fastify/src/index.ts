import type { IncomingMessage, ServerResponse } from 'node:http'
import { beginInbound, inboundOf, type Tracer } from '@hoptrace/core'
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'

/**
 * Fastify 4 and 5 plugin that records each request as a hop: `app.register(hoptrace(tracer))`, before other
 * plugins. Responses, errors and error handling do not change.
 */
export function hoptrace(tracer: Tracer): FastifyPluginCallback {
  const begin = (req: IncomingMessage, res: ServerResponse): void => {
    beginInbound(tracer, req, res)
  }

  const plugin = (app: FastifyInstance, _options: unknown, done: () => void): void => {
    // Before Fastify's own listener, which refuses malformed requests without a hook.
    app.server.prependListener('request', begin)

    app.addHook('onRequest', (request, reply, next) => {
      // Injected requests, and requests to further listeners (the other address of `localhost`), bypass that
      // server.
      const { raw } = request
      const inbound = inboundOf(raw) ?? beginInbound(tracer, raw, reply.raw)
      if (inbound === undefined) {
        next()
        return
      }
      observeErrors(reply)
      // `routeOptions` is a new object at each access.
      let template: string | undefined
      inbound.route(() => (template ??= request.routeOptions.url))
      inbound.run(next)
    })

    // Another plugin's hook may call back from another context, such as a pool.
    const enter = (request: FastifyRequest, _reply: FastifyReply, next: () => void): void => {
      const inbound = inboundOf(request.raw)
      if (inbound === undefined || tracer.hop === inbound.hop) next()
      else inbound.run(next)
    }
    app.addHook('preValidation', enter)
    app.addHook('preHandler', enter)

    done()
  }
  // What fastify-plugin sets: the hooks apply to the whole application, not only to this plugin.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: '@hoptrace/fastify',
    [Symbol.for('plugin-meta')]: { name: '@hoptrace/fastify', fastify: '>=4.10.0' },
  })
}

interface Sender {
  send: (this: FastifyReply, payload?: unknown) => FastifyReply
}

const observed = new WeakSet<object>()

/**
 * Shows the hops every error. Fastify's `onError` hook skips errors that an application's error handler
 * answers, but all errors pass through `reply.send`. So we wrap the prototype that owns it once.
 */
function observeErrors(reply: FastifyReply): void {
  let owner = reply as object
  while (!Object.hasOwn(owner, 'send')) owner = Object.getPrototypeOf(owner) as object
  if (observed.has(owner)) return
  observed.add(owner)
  const sender = owner as Sender
  const { send } = sender
  sender.send = function (payload) {
    if (payload instanceof Error) inboundOf(this.request.raw)?.fail(payload)
    return send.call(this, payload)
  }
}
