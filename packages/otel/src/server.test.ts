import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { serverAdapterSuite, type KitReply, type ServerSetup } from '@hoptrace/testkit'
import type { ErrorRequestHandler, NextFunction, Request, Response } from 'express'
import { bareServers, express, feed } from './sdk.fixture.js'

function reply(res: Response, next: NextFunction, answer: KitReply | undefined): void {
  if (answer === undefined) return
  if ('passOn' in answer) return next(answer.passOn)
  const { status, headers, body } = answer
  res.status(status).set(headers ?? {})
  if (body instanceof Readable) body.pipe(res)
  else res.send(body)
}

serverAdapterSuite({
  name: 'Express 5, seen by OpenTelemetry',
  supports: { asyncErrors: true, passOn: true, handled: false },
  create: ({ tracer, routes, onError }: ServerSetup) => {
    const app = express()
    if (tracer !== undefined)
      feed(tracer, { events: ({ instrumentationScope: { name } }) => !name.endsWith('-express') })
    app.use(express.json())
    for (const { method, path, mount, handle } of routes) {
      const router = mount === undefined ? app : express.Router()
      router[method === 'GET' ? 'get' : 'post'](path, (req: Request, res: Response, next: NextFunction) => {
        const params = req.params as Record<string, string>
        const answer = handle({ req, res, params, body: req.body as unknown })
        if (answer instanceof Promise) return answer.then((settled) => reply(res, next, settled))
        return reply(res, next, answer)
      })
      if (mount !== undefined) app.use(mount, router)
    }
    const errors: ErrorRequestHandler = (error, _req, _res, next) => {
      onError(error)
      next(error)
    }
    app.use(errors)
    const server = createServer(app)
    if (tracer === undefined) bareServers.add(server)
    return server
  },
})
