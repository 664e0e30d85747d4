import { createServer, type ServerResponse } from 'node:http'
import type { Tracer } from '@hoptrace/core'
import { readJson } from '../services/payments/read-json.js'
import type { FaultOrder } from './plan.js'

/** A request as every framework hands it on. */
export interface Job {
  readonly body: { readonly request: string; readonly orders: readonly FaultOrder[] }
  readonly res: ServerResponse
}

/** What to answer; nothing when the answer was broken on purpose. */
export interface Answer {
  readonly status: number
  readonly broken: boolean
}

type Handler = (job: Job) => Promise<Answer>

/** Where to listen. */
export interface Place {
  readonly port: number
  readonly host: string
}

/**
 * Listens with the framework of that name, traced by hoptrace or not by it; resolves to what stops it. It loads no other framework:
 * hundreds of these processes are started.
 */
export function listen(
  framework: string,
  tracer: Tracer | undefined,
  place: Place,
  handle: Handler,
): Promise<() => Promise<unknown>> {
  if (framework === 'fastify') return listenFastify(tracer, place, handle)
  return framework === 'koa' ? listenKoa(tracer, place, handle) : listenExpress(tracer, place, handle)
}

async function listenFastify(
  tracer: Tracer | undefined,
  place: Place,
  handle: Handler,
): Promise<() => Promise<unknown>> {
  const [{ fastify }, { hoptrace }] = await Promise.all([import('fastify'), import('@hoptrace/fastify')])
  const app = fastify({ forceCloseConnections: true })
  if (tracer) await app.register(hoptrace(tracer))
  app.post<{ Body: Job['body'] }>('/', async (request, reply) => {
    const { status, broken } = await handle({ body: request.body, res: reply.raw })
    return broken ? reply.hijack() : reply.status(status).send({ status })
  })
  await app.listen({ ...place })
  return () => app.close()
}

async function listenKoa(
  tracer: Tracer | undefined,
  place: Place,
  handle: Handler,
): Promise<() => Promise<unknown>> {
  const [{ default: Koa }, { hoptrace }] = await Promise.all([import('koa'), import('@hoptrace/koa')])
  const app = new Koa()
  if (tracer) app.use(hoptrace(tracer))
  app.use(async (ctx) => {
    const body = (await readJson(ctx.req)) as Job['body']
    const { status, broken } = await handle({ body, res: ctx.res })
    if (broken) {
      ctx.respond = false
      return
    }
    ctx.status = status
    ctx.body = { status }
  })
  return listenNode(app.callback(), place)
}

async function listenExpress(
  tracer: Tracer | undefined,
  place: Place,
  handle: Handler,
): Promise<() => Promise<unknown>> {
  const [{ default: express }, { hoptrace }] = await Promise.all([
    import('express'),
    import('@hoptrace/express'),
  ])
  const app = express()
  if (tracer) app.use(hoptrace(tracer))
  app.use(express.json())
  app.post('/', async (req, res) => {
    const { status, broken } = await handle({ body: req.body as Job['body'], res })
    if (!broken) res.status(status).json({ status })
  })
  return listenNode(app, place)
}

function listenNode(listener: (...args: never[]) => unknown, place: Place): Promise<() => Promise<unknown>> {
  const server = createServer(listener as Parameters<typeof createServer>[1] & object)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...place }, () =>
      resolve(async () => {
        server.close()
        server.closeAllConnections()
      }),
    )
  })
}
