import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { exchange, listen, openKitTracer } from '@hoptrace/testkit'
import fastify5, { type FastifyInstance } from 'fastify'
import fastify4 from 'fastify4'
import { describe, expect, it } from 'vitest'
import { hoptrace } from './index.js'

/** For what may be thrown as well. */
const asError = (value: unknown): Error => value as Error

/** A stream that breaks behind its parts. */
function breaking(parts: readonly string[]): Readable {
  async function* chunks(): AsyncGenerator<string> {
    yield* parts
    await setTimeout(10)
    throw Object.assign(new Error('broken'), { code: 'E_STREAM' })
  }
  return Readable.from(chunks())
}

describe.each([
  ['Fastify 5', fastify5],
  ['Fastify 4', fastify4 as unknown as typeof fastify5],
])('%s', (_, fastify) => {
  async function recordsOf(build: (app: FastifyInstance) => void, paths: readonly string[]) {
    await using kit = await openKitTracer()
    const app = fastify()
    app.register(hoptrace(kit.tracer))
    build(app)
    await app.ready()
    await using server = await listen(app.server)
    for (const path of paths) await exchange(server.port, { path })
    return kit.records()
  }

  it('says how it is registered when it gets the application and no tracer', () => {
    expect(() => hoptrace(fastify() as never)).toThrow('write app.register(hoptrace(tracer))')
  })

  it('records what a handler throws that is no error', async () => {
    const records = await recordsOf(
      (app) => {
        app.get('/text', () => Promise.reject(asError('out of cups')))
        app.get('/object', () => Promise.reject(asError({ code: 'E_CUPS' })))
        app.get('/undefined', () => Promise.reject(asError(undefined)))
      },
      ['/text', '/object', '/undefined'],
    )
    expect(records).toMatchObject([
      { route: '/text', status: 500, error: { message: 'out of cups' } },
      { route: '/object', status: 500, error: { name: expect.any(String) as string } },
      { route: '/undefined' },
    ])
  })

  it('records an error that an error handler answers', async () => {
    const records = await recordsOf(
      (app) => {
        app.setErrorHandler((_error, _request, reply) => reply.code(409).send({ sorry: true }))
        app.get('/x', async () => {
          throw Object.assign(new Error('taken'), { code: 'E_TAKEN' })
        })
      },
      ['/x'],
    )
    expect(records[0]).toMatchObject({ status: 409, error: { message: 'taken', code: 'E_TAKEN' } })
  })

  it('records routes of nested plugins, and no route for an unknown path', async () => {
    const records = await recordsOf(
      (app) => {
        app.register(
          async (scope) => {
            scope.get('/', async () => 'root')
            scope.get('/:id', async () => 'one')
            scope.setNotFoundHandler(async (_request, reply) => reply.code(404).send('none here'))
          },
          { prefix: '/v1/:tenant' },
        )
        app.get('/files/*', async () => 'file')
      },
      ['/v1/acme/7', '/v1/acme', '/files/a/b', '/v1/acme/7/8', '/nowhere'],
    )
    expect(records.map(({ route, status }) => [route, status])).toEqual([
      ['/v1/:tenant/:id', 200],
      ['/v1/:tenant', 200],
      ['/files/*', 200],
      [null, 404],
      [null, 404],
    ])
  })

  it('records the error of a stream that was sent', async () => {
    await using kit = await openKitTracer()
    const app = fastify()
    app.register(hoptrace(kit.tracer))
    app.get('/before', (_request, reply) => reply.send(breaking([])))
    app.get('/after', (_request, reply) => reply.send(breaking(['part'])))
    await app.ready()
    await using server = await listen(app.server)
    for (const path of ['/before', '/after']) {
      await exchange(server.port, { path }).catch(() => undefined)
      const record = await kit.eventually(({ route, state }) => route === path && state === 'closed')
      expect(record).toMatchObject({
        error: { code: 'E_STREAM' },
        ...(path === '/before' ? { status: 500, aborted: false } : { status: 200, aborted: true }),
      })
    }
  })

  it('records a request once when it is registered twice', async () => {
    await using kit = await openKitTracer()
    const app = fastify()
    app.register(hoptrace(kit.tracer)).register(hoptrace(kit.tracer))
    app.get('/x', async () => 'ok')
    await app.ready()
    await using server = await listen(app.server)
    expect((await exchange(server.port, { path: '/x' })).body.toString()).toBe('ok')
    expect(await kit.records()).toHaveLength(1)
  })

  it.each(['onRequest', 'preValidation'] as const)(
    'keeps its hop after a hook %s that calls back from another context',
    async (hook) => {
      await using kit = await openKitTracer()
      const waiting: (() => void)[] = []
      const timer = setInterval(() => waiting.splice(0).forEach((next) => next()), 1)
      const app = fastify()
      app.register(hoptrace(kit.tracer))
      app.register(async (scope) => {
        scope.addHook(hook, (_request: unknown, _reply: unknown, next: () => void) => void waiting.push(next))
        scope.get('/x', async () => ({ trace: kit.tracer.hop?.traceId }))
      })
      await app.ready()
      await using server = await listen(app.server)
      const { body } = await exchange(server.port, { path: '/x' })
      clearInterval(timer)
      expect(JSON.parse(body.toString())).toEqual({ trace: (await kit.records())[0]?.traceId })
    },
  )

  it('records injected requests too', async () => {
    await using kit = await openKitTracer({ address: '127.0.0.1:9' })
    const app = fastify()
    app.register(hoptrace(kit.tracer))
    app.get('/x/:id', async () => ({ trace: kit.tracer.hop?.traceId }))
    const answer = await app.inject('/x/1')
    const [record] = await kit.records()
    expect(record).toMatchObject({
      route: '/x/:id',
      status: 200,
      traceId: answer.json<{ trace: string }>().trace,
    })
    await app.close()
  })

  it('has its hop in every hook of the request', async () => {
    await using kit = await openKitTracer()
    const seen = new Set<string | undefined>()
    const app = fastify()
    app.register(hoptrace(kit.tracer))
    app.register(async (scope) => {
      const note = async (): Promise<void> => void seen.add(kit.tracer.hop?.traceId)
      for (const name of ['onRequest', 'preValidation', 'preHandler', 'onSend'] as const)
        scope.addHook(name, note)
      scope.post('/x', async () => ({}))
    })
    await app.ready()
    await using server = await listen(app.server)
    const headers = { 'content-type': 'application/json' }
    await exchange(server.port, { method: 'POST', path: '/x', headers, body: '{"a":1}' })
    const [record] = await kit.records()
    expect(seen).toEqual(new Set([record?.traceId]))
  })
})
