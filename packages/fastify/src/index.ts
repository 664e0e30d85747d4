import { errorMonitor } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Stream } from 'node:stream'
import { beginInbound, inboundOf, untilLastTracerCloses, type Tracer } from '@hoptrace/core'
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'

/**
 * Fastify 4 and 5 plugin that records each request as a hop: `app.register(hoptrace(tracer))`, before other
 * plugins. Responses, errors and error handling do not change.
 */
export function hoptrace(tracer: Tracer): FastifyPluginCallback {
  // `register(hoptrace, { tracer })`, as for most plugins, gives us the application, and nothing would be traced.
  if (!('hop' in tracer))
    throw new TypeError('write app.register(hoptrace(tracer)), with a tracer of createTracer')
  const begin = (req: IncomingMessage, res: ServerResponse): void => {
    beginInbound(tracer, req, res)
  }

  const plugin = (app: FastifyInstance, _options: unknown, done: () => void): void => {
    // Before Fastify's own listener, which refuses malformed requests without a hook.
    app.server.prependListener('request', begin)

    app.addHook('onRequest', (request, reply, next) => {
      // Injected requests, upgrades and further servers (the other address of `localhost`) did not come by that server.
      const { raw } = request
      const inbound = inboundOf(raw) ?? beginInbound(tracer, raw, reply.raw)
      if (inbound === undefined) {
        next()
        return
      }
      observeErrors(reply)
      // Fastify makes `routeOptions` each time.
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

    // What is thrown need not be an error. The first that a hop sees counts.
    app.addHook('onError', (request, _reply, error: unknown, next) => {
      inboundOf(request.raw)?.fail(error)
      next()
    })

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
  send: (this: FastifyReply, ...args: [payload?: unknown]) => FastifyReply
}

const observed = new WeakSet<object>()

/**
 * Makes hops see every error. Fastify's `onError` hook leaves out those that an application's error handler answers, but
 * all of them pass through `reply.send`, or break a stream that was sent; the prototype that owns it is wrapped once.
 */
function observeErrors(reply: FastifyReply): void {
  let owner = reply as object
  while (!Object.hasOwn(owner, 'send')) owner = Object.getPrototypeOf(owner) as object
  if (observed.has(owner)) return
  observed.add(owner)
  const sender = owner as Sender
  const { send } = sender
  const wrapper: Sender['send'] = function (...args) {
    const [payload] = args
    if (payload instanceof Error) inboundOf(this.request.raw)?.fail(payload)
    else if (payload instanceof Stream) {
      payload.once(errorMonitor, (error: unknown) => {
        const inbound = inboundOf(this.request.raw)
        if (inbound?.hop.closed === false) inbound.fail(error)
      })
    }
    return send.apply(this, args)
  }
  sender.send = wrapper
  untilLastTracerCloses(() => {
    if (sender.send !== wrapper) return
    sender.send = send
    observed.delete(owner)
  })
}
