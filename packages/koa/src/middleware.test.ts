import { createServer } from 'node:http'
import { exchange, listen, openKitTracer } from '@hoptrace/testkit'
import Router from '@koa/router'
import Koa3 from 'koa'
import Koa2 from 'koa2'
import { describe, expect, it } from 'vitest'
import { hoptrace } from './index.js'

describe.each([
  ['Koa 3', Koa3],
  ['Koa 2', Koa2],
])('%s', (_, Koa) => {
  async function recordsOf(build: (app: Koa3) => void, paths: readonly string[]) {
    await using kit = await openKitTracer()
    const app = new Koa()
    app.silent = true
    app.use(hoptrace(kit.tracer))
    build(app)
    const answer = app.callback()
    await using server = await listen(createServer((req, res) => void answer(req, res)))
    for (const path of paths) await exchange(server.port, { path })
    return kit.records()
  }

  it('records the error and status of ctx.throw', async () => {
    const records = await recordsOf(
      (app) => {
        app.use((ctx) => ctx.throw(402, 'pay first'))
      },
      ['/x'],
    )
    expect(records[0]).toMatchObject({
      status: 402,
      error: { name: 'PaymentRequiredError', message: '' },
      route: null,
    })
  })

  it('records no error that the application answers', async () => {
    const records = await recordsOf(
      (app) => {
        app.use(async (ctx, next) => {
          try {
            await next()
          } catch {
            ctx.status = 503
          }
        })
        app.use(() => {
          throw new Error('caught above')
        })
      },
      ['/x'],
    )
    expect(records[0]).toMatchObject({ status: 503, error: null })
  })

  it('records a request once if the middleware is installed twice', async () => {
    await using kit = await openKitTracer()
    const app = new Koa()
    app.use(hoptrace(kit.tracer)).use(hoptrace(kit.tracer))
    app.use((ctx) => void (ctx.body = 'ok'))
    const answer = app.callback()
    await using server = await listen(createServer((req, res) => void answer(req, res)))
    expect((await exchange(server.port, { path: '/x' })).body.toString()).toBe('ok')
    expect(await kit.records()).toHaveLength(1)
  })

  it('records the template of prefixed and patterned routes', async () => {
    const records = await recordsOf(
      (app) => {
        const router = new Router({ prefix: '/v1/:tenant' })
        router.get('/items/:id', (ctx) => void (ctx.body = 'ok'))
        const patterned = new Router()
        patterned.get(/^\/files\/(.*)$/, (ctx) => void (ctx.body = 'ok'))
        app.use(router.routes()).use(patterned.routes())
      },
      ['/v1/acme/items/7', '/files/a/b', '/none'],
    )
    expect(records.map(({ route }) => route)).toEqual([
      '/v1/:tenant/items/:id',
      String(/^\/files\/(.*)$/),
      null,
    ])
  })
})
