import { createServer, get } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { exchange, listen, openKitTracer } from '@hoptrace/testkit'
import Router from '@koa/router'
import Koa3 from 'koa'
import Koa2 from 'koa2'
import { describe, expect, it } from 'vitest'
import { hoptrace } from './index.js'

/** A stream that breaks behind its parts. */
function breaking(parts: readonly string[]): Readable {
  async function* chunks(): AsyncGenerator<string> {
    yield* parts
    await sleep(10)
    throw Object.assign(new Error('broken'), { code: 'E_STREAM' })
  }
  return Readable.from(chunks())
}

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

  it('records the error of a stream that was given as a body', async () => {
    await using kit = await openKitTracer()
    const app = new Koa()
    app.silent = true
    app.use(hoptrace(kit.tracer))
    app.use((ctx) => void (ctx.body = breaking(ctx.path === '/before' ? [] : ['part'])))
    const answer = app.callback()
    await using server = await listen(createServer((req, res) => void answer(req, res)))
    // Koa 3 ends the connection.
    const answered = await exchange(server.port, { path: '/before' }).then(
      ({ status }) => ({ status, aborted: false }),
      () => ({ status: null, aborted: true }),
    )
    const before = await kit.eventually(({ state }) => state === 'closed')
    expect(before).toMatchObject({ ...answered, error: { code: 'E_STREAM' } })
    // Koa 2 leaves such a response open until its caller gives up.
    const sent = get({ host: '127.0.0.1', port: server.port, path: '/after', agent: false })
    sent.on('error', () => undefined)
    sent.on('response', (res) =>
      res.on('error', () => undefined).once('data', () => setTimeout(() => sent.destroy(), 200)),
    )
    const after = await kit.eventually(({ hopId, state }) => hopId !== before.hopId && state === 'closed')
    expect(after).toMatchObject({ status: 200, aborted: true, error: { code: 'E_STREAM' } })
  })

  it('reads the streams of a body in the hop, and emits errors there', async () => {
    await using kit = await openKitTracer()
    const seen: unknown[] = []
    const see = (): void => void seen.push(kit.tracer.hop?.traceId)
    const app = new Koa()
    app.use(hoptrace(kit.tracer))
    app.use((ctx) => {
      if (ctx.path === '/error') throw new Error('for app.on')
      let reads = 0
      const read = function (this: Readable): void {
        see()
        setTimeout(() => this.push(++reads > 3 ? null : Buffer.alloc(100_000)), 1)
      }
      ctx.body = new Readable({ read })
    })
    app.on('error', see)
    const answer = app.callback()
    await using server = await listen(createServer((req, res) => void answer(req, res)))
    const { body } = await exchange(server.port, { path: '/' })
    expect(body).toHaveLength(300_000)
    const streamed = seen.splice(0)
    await exchange(server.port, { path: '/error' })
    const [first, second] = (await kit.records()).map(({ traceId }) => traceId)
    expect(new Set(streamed)).toEqual(new Set([first]))
    expect(seen).toEqual([second])
  })

  it('records no error that the application answers by itself', async () => {
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
