import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { serverAdapterSuite, type KitReply, type ServerSetup } from '@hoptrace/testkit'
import express5, { type ErrorRequestHandler, type NextFunction, type Request, type Response } from 'express'
import express4 from 'express4'
import { hoptrace } from './index.js'

type Express = typeof express5

function reply(res: Response, next: NextFunction, answer: KitReply | undefined): void {
  if (answer === undefined) return
  if ('passOn' in answer) next(answer.passOn)
  else {
    const { status, headers, body } = answer
    res.status(status).set(headers ?? {})
    if (body instanceof Readable) body.pipe(res)
    else res.send(body)
  }
}

const create =
  (express: Express) =>
  ({ tracer, under, routes, onError }: ServerSetup) => {
    const app = express()
    if (tracer !== undefined) app.use(under ?? '/', hoptrace(tracer))
    app.use(express.json())
    for (const { method, path, mount, handle } of routes) {
      const router = mount === undefined ? app : express.Router()
      router[method === 'GET' ? 'get' : 'post'](path, (req: Request, res: Response, next: NextFunction) => {
        const answer = handle({
          req,
          res,
          params: req.params as Record<string, string>,
          body: req.body as unknown,
        })
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
    return createServer(app)
  }

serverAdapterSuite({
  name: 'Express 5',
  supports: { asyncErrors: true, passOn: true, handled: false },
  create: create(express5),
})

serverAdapterSuite({
  name: 'Express 4',
  supports: { asyncErrors: false, passOn: true, handled: false },
  create: create(express4),
})
