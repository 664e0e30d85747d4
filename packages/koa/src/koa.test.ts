import { createServer } from 'node:http'
import { serverAdapterSuite, type ServerSetup } from '@hoptrace/testkit'
import Router from '@koa/router'
import Koa3, { type Context } from 'koa'
import Koa2 from 'koa2'
import { hoptrace } from './index.js'

/** Reads a body as every Koa application does: after an await, with an error that has a status. */
async function readJson(ctx: Context): Promise<unknown> {
  let text = ''
  for await (const chunk of ctx.req) text += String(chunk)
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  } catch {
    return ctx.throw(400, 'malformed JSON')
  }
}

const create =
  (Koa: typeof Koa3) =>
  ({ tracer, under, routes, onError }: ServerSetup) => {
    const app = new Koa()
    app.on('error', onError)
    const root = new Router()
    if (tracer !== undefined && under === undefined) app.use(hoptrace(tracer))
    else if (tracer !== undefined) root.use(under ?? '', hoptrace(tracer))
    for (const { method, path, mount, handle } of routes) {
      const router = mount === undefined ? root : new Router()
      router.register(path, [method], async (ctx) => {
        const body = method === 'POST' ? await readJson(ctx) : undefined
        const answer = await handle({ req: ctx.req, res: ctx.res, params: ctx.params, body })
        if (answer === undefined) ctx.respond = false
        else if (!('passOn' in answer)) {
          ctx.status = answer.status
          ctx.set(answer.headers ?? {})
          if (answer.body !== undefined) ctx.body = answer.body
        }
      })
      if (mount !== undefined) root.use(mount, router.routes())
    }
    app.use(root.routes())
    const answer = app.callback()
    return createServer((req, res) => void answer(req, res))
  }

serverAdapterSuite({
  name: 'Koa 3',
  supports: { asyncErrors: true, passOn: false, handled: true },
  create: create(Koa3),
})
serverAdapterSuite({
  name: 'Koa 2',
  supports: { asyncErrors: true, passOn: false, handled: true },
  create: create(Koa2),
})
