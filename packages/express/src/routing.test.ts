import { createServer } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { exchange, listen, openKitTracer } from '@hoptrace/testkit'
import express5, { type Express, type NextFunction, type Request, type Response, type Router } from 'express'
import express4 from 'express4'
import { describe, expect, it } from 'vitest'
import { hoptrace } from './index.js'

const ok = (_req: Request, res: Response): void => {
  res.send('ok')
}

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('%s', (_, express) => {
  /** Sends requests to an application, one after the other; returns the records without the hops' ids. */
  async function recordsOf(build: (app: Express) => void, paths: readonly string[]) {
    await using kit = await openKitTracer()
    const app = express()
    app.use(hoptrace(kit.tracer))
    build(app)
    await using server = await listen(createServer(app))
    for (const path of paths) await exchange(server.port, { path })
    return kit.records()
  }
  const routesOf = async (build: (app: Express) => void, ...paths: string[]): Promise<(string | null)[]> =>
    (await recordsOf(build, paths)).map(({ route }) => route)

  const router = (build: (router: Router) => void): Router => {
    const made = express.Router({ mergeParams: true })
    build(made)
    return made
  }

  it('gives routers within routers the template of all their mounts', async () => {
    const inner = router((r) => r.get('/items/:item', ok))
    const outer = router((r) => r.use('/users/:user', inner).get('/', ok).use('/plain', inner))
    const routes = await routesOf(
      (app) => app.use('/tenants/:tenant/', outer),
      '/tenants/7/users/7/items/7',
      '/tenants/7',
      '/tenants/7/plain/items/9',
    )
    expect(routes).toEqual([
      '/tenants/:tenant/users/:user/items/:item',
      '/tenants/:tenant',
      '/tenants/:tenant/plain/items/:item',
    ])
  })

  it('forgets a mount that passes the request on', async () => {
    const passing = router((r) => r.use((_req, _res, next) => next()))
    const routes = await routesOf(
      (app) => {
        app.use('/:first', passing)
        app.use(
          '/:second',
          router((r) => r.get('/x', ok)),
        )
        app.use('/a', passing)
        app.get('/a/direct/:id', ok)
      },
      '/a/x',
      '/a/direct/1',
    )
    expect(routes).toEqual(['/:second/x', '/a/direct/:id'])
  })

  it('takes the route that answers if others pass on', async () => {
    const routes = await routesOf((app) => {
      app.get('/:any', (_req, _res, next) => next('route'))
      app.get('/thing', (_req, _res, next) => next(), ok)
    }, '/thing')
    expect(routes).toEqual(['/thing'])
  })

  it('records sub-applications, patterns and lists separately', async () => {
    const routes = await routesOf(
      (app) => {
        const sub = express()
        sub.get('/in/:id', ok)
        app.use('/sub', sub)
        app.get(/^\/pattern\/(\d+)$/, ok)
        app.get(['/one/:id', '/two/:id'], ok)
      },
      '/sub/in/1',
      '/pattern/42',
      '/two/1',
    )
    expect(routes).toEqual(['/sub/in/:id', String(/^\/pattern\/(\d+)$/), '/one/:id|/two/:id'])
  })

  it('names a mount that answers by itself', async () => {
    const routes = await routesOf((app) => app.use('/health', ok), '/health/deep?x=1', '/other')
    expect(routes).toEqual(['/health', null])
  })

  it('has the pattern of a mount, or nothing, and never the requested path', async () => {
    const star = express === express5 ? '/star/*rest' : '/star/*'
    const routes = await routesOf(
      (app) => {
        app.use(star, ok)
        app.use(/^\/rn\/[^/]+/, ok)
        app.use(['/list/:token', /^\/reset\/[^/]+/], ok)
        app.use(
          /^\/api\/[^/]+/,
          router((r) => r.get('/items/:id', ok)),
        )
        app.use('/a.b/:one/:two', ok)
      },
      '/star/secret/deep',
      '/rn/secret',
      '/list/secret',
      '/reset/secret',
      '/api/secret/items/7',
      '/a.b/secret/secret',
    )
    expect(routes.join(' ')).not.toContain('secret')
    expect(routes[0]).toBe(star)
    expect(routes[1]).toBe(String(/^\/rn\/[^/]+/))
    expect(routes[2]).toContain('reset')
    expect(routes[3]).toBe(routes[2])
    expect(routes[4]).toBe(`${String(/^\/api\/[^/]+/)}/items/:id`)
    expect(routes[5]).toBe('/a.b/:one/:two')
  })

  it('has the template where app.param changed the value', async () => {
    const routes = await routesOf(
      (app) => {
        app.param('user', (req, _res, next, value: string) => {
          req.params['user'] = `user ${value.toUpperCase()}` as never
          req.url = req.url.replace('x', 'y')
          next()
        })
        app.use(
          '/users/:user',
          router((r) => r.get('/y', ok)),
        )
        app.get('/one/:user', ok)
      },
      '/users/secret/x',
      '/one/secret',
    )
    expect(routes).toEqual(['/users/:user/y', '/one/:user'])
  })

  it('keeps templates of requests apart that wait in app.param', async () => {
    await using kit = await openKitTracer()
    const app = express()
    app.use(hoptrace(kit.tracer))
    const delayed = async (_req: Request, _res: Response, next: NextFunction): Promise<void> => {
      await setImmediate()
      next()
    }
    app.param('a', delayed).param('b', delayed)
    app.use(
      '/a/:a',
      router((r) => r.get('/x', ok)),
    )
    app.use(
      '/b/:b',
      router((r) => r.get('/x', ok)),
    )
    await using server = await listen(createServer(app))
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        exchange(server.port, { path: i % 2 ? `/a/v${i}/x` : `/b/v${i}/x` }),
      ),
    )
    const routes = (await kit.records()).map(({ route }) => route)
    expect(new Set(routes)).toEqual(new Set(['/a/:a/x', '/b/:b/x']))
  })

  it('records an error that the application answers, and an error of its error handler', async () => {
    const records = await recordsOf(
      (app) => {
        app.get('/:kind', () => {
          throw new Error('first')
        })
        app.use((error: Error, req: Request, res: Response, _next: NextFunction) => {
          if (req.path === '/again') throw new Error('second')
          res.status(409).send(error.message)
        })
      },
      ['/once', '/again'],
    )
    expect(records.map(({ status, error }) => [status, error?.message])).toEqual([
      [409, 'first'],
      [500, 'first'],
    ])
  })

  it('does not record "route" and "router" as errors', async () => {
    const records = await recordsOf(
      (app) => {
        app.use(router((r) => r.use((_req, _res, next) => next('router'))))
        app.get('/x', (_req, _res, next) => next('route'))
        app.get('/x', ok)
      },
      ['/x'],
    )
    expect(records[0]).toMatchObject({ error: null, status: 200, route: '/x' })
  })

  it('keeps its hop after a middleware that calls back from another context', async () => {
    await using kit = await openKitTracer()
    const waiting: NextFunction[] = []
    const timer = setInterval(() => waiting.splice(0).forEach((next) => next()), 1)
    const seen: unknown[] = []
    const app = express()
    app.use(hoptrace(kit.tracer))
    app.use((_req, _res, next) => void waiting.push(next))
    app.get('/x', (_req, res) => {
      seen.push(kit.tracer.hop?.traceId)
      res.send('ok')
    })
    await using server = await listen(createServer(app))
    for (let i = 0; i < 3; i++) await exchange(server.port, { path: '/x' })
    clearInterval(timer)
    expect(seen).toEqual((await kit.records()).map(({ traceId }) => traceId))
    expect(seen).toHaveLength(3)
  })

  it('records a request once if the middleware is installed twice', async () => {
    await using kit = await openKitTracer()
    const app = express()
    app.use(hoptrace(kit.tracer), hoptrace(kit.tracer))
    app.get('/x', ok)
    await using server = await listen(createServer(app))
    expect((await exchange(server.port, { path: '/x' })).body.toString()).toBe('ok')
    expect(await kit.records()).toHaveLength(1)
  })

  it('does not affect applications without the middleware', async () => {
    await using kit = await openKitTracer()
    await recordsOf((app) => app.get('/x', ok), ['/x'])
    const app = express().get('/y', (_req, res) => void res.send(typeof kit.tracer.hop))
    await using server = await listen(createServer(app))
    const { body } = await exchange(server.port, { path: '/y' })
    expect(body.toString()).toBe('undefined')
    expect(await kit.records()).toEqual([])
  })
})
