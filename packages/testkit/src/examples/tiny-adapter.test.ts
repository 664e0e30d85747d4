import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { serverAdapterSuite, type KitReply, type ServerSetup } from '@hoptrace/testkit'
import { hoptrace } from './tiny-adapter.fixture.js'
import { TinyHttp, type TinyContext } from './tiny-http.fixture.js'

/** JSON, after an await, with an error that has a status: as frameworks do. */
async function readJson({ req }: TinyContext): Promise<unknown> {
  const body = await text(req)
  try {
    return JSON.parse(body) as unknown
  } catch {
    throw Object.assign(new Error('malformed JSON'), { status: 400 })
  }
}

/** Sends what a handler of the kit answered; undefined: it has answered by itself. */
function send({ res }: TinyContext, answer: KitReply | undefined): void {
  if (answer === undefined || 'passOn' in answer) return
  res.writeHead(answer.status, answer.headers)
  if (answer.body instanceof Readable) answer.body.pipe(res)
  else if (typeof answer.body === 'string' || Buffer.isBuffer(answer.body)) res.end(answer.body)
  else res.end(answer.body === undefined ? undefined : JSON.stringify(answer.body))
}

serverAdapterSuite({
  name: 'tiny http',
  supports: { asyncErrors: true, passOn: false, handled: true },
  create: ({ tracer, routes, onError }: ServerSetup) => {
    const app = new TinyHttp()
    app.onError = onError
    if (tracer !== undefined) app.use(hoptrace(tracer))
    for (const { method, path, mount = '', handle } of routes) {
      app.route(method, mount + path, async (ctx) => {
        const body = method === 'POST' ? await readJson(ctx) : undefined
        send(ctx, await handle({ req: ctx.req, res: ctx.res, params: ctx.params, body }))
      })
    }
    return app.server()
  },
})
