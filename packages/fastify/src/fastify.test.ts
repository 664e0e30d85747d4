import { serverAdapterSuite, type ServerSetup } from '@hoptrace/testkit'
import fastify5, { type FastifyInstance } from 'fastify'
import fastify4 from 'fastify4'
import { hoptrace } from './index.js'

const create =
  (fastify: typeof fastify5) =>
  async ({ tracer, under, routes, onError }: ServerSetup) => {
    const app = fastify()
    if (tracer !== undefined && under === undefined) app.register(hoptrace(tracer))
    else if (tracer !== undefined)
      app.register(async (scope) => void scope.register(hoptrace(tracer)), { prefix: under ?? '' })
    app.setErrorHandler((error, _request, reply) => {
      onError(error)
      return reply.send(error)
    })
    for (const { method, path, mount, handle } of routes) {
      const add = (scope: FastifyInstance): void => {
        scope.route({
          method,
          url: path,
          handler: async (request, reply) => {
            const params = request.params as Record<string, string>
            const answer = await handle({ req: request.raw, res: reply.raw, params, body: request.body })
            if (answer === undefined) return reply.hijack()
            if ('passOn' in answer) return reply.send(answer.passOn)
            return reply
              .code(answer.status)
              .headers(answer.headers ?? {})
              .send(answer.body)
          },
        })
      }
      if (mount === undefined) add(app)
      else app.register(async (scope) => add(scope), { prefix: mount })
    }
    await app.ready()
    return app.server
  }

serverAdapterSuite({
  name: 'Fastify 5',
  supports: { asyncErrors: true, passOn: true, handled: false },
  create: create(fastify5),
})
serverAdapterSuite({
  name: 'Fastify 4',
  supports: { asyncErrors: true, passOn: true, handled: false },
  create: create(fastify4 as unknown as typeof fastify5),
})
