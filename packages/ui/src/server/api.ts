import { HoptraceError, type Resolver } from '@hoptrace/core'
import type { FastifyInstance } from 'fastify'
import { instanceView } from '../model/instance-view.js'
import { errorJson, sendLines, untilGone } from './lines.js'
import { description } from './openapi.js'
import { BadQuery, countIn, findIn, rangeIn, spanIn, subjectIn, type Parameters } from './query.js'
import { serviceMap } from './service-map.js'
import { withSummaries, type SearchRow } from './summary.js'

/** Hops of one service that the map counts, unless the asker names another number. */
const MAP_HOPS = 5000

/** The questions of the page, as JSON. It asks through the resolver, as the command does, and keeps nothing. */
export function addApi(app: FastifyInstance, resolver: Resolver): void {
  const report = (error: unknown): void => app.log.error(error)
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) => {
    if (error instanceof BadQuery)
      return reply.code(400).send({ error: { code: 'HOPTRACE_USAGE', message: error.message } })
    const status =
      error.statusCode ?? (error instanceof HoptraceError ? STATUS[error.code] : undefined) ?? 500
    if (status >= 500) report(error)
    return reply.code(status).send({ error: errorJson(error) })
  })

  app.get('/api/openapi.json', async () => description)

  app.get('/api/resolve', async (request) => resolver.resolve(subjectIn(request.query as Parameters)))

  app.get('/api/walk', async (request, reply) => {
    const of = subjectIn(request.query as Parameters)
    const gone = untilGone(reply)
    return sendLines(reply, resolver.walk(of), gone, report)
  })

  app.get('/api/progress', async (request) => resolver.progress(subjectIn(request.query as Parameters)))

  app.get('/api/follow', async (request, reply) => {
    const of = subjectIn(request.query as Parameters)
    const gone = untilGone(reply)
    return sendLines(reply, resolver.follow(of, { signal: gone }), gone, report)
  })

  app.get('/api/find', async (request, reply) => {
    const query = findIn(request.query as Parameters)
    const gone = untilGone(reply)
    const hits = await resolver.find(query)
    const rows = hits.map((hit): SearchRow => ({ kind: 'hit', ...hit }))
    return sendLines(reply, withSummaries(resolver, rows, 'first', gone), gone, report)
  })

  app.get('/api/range', async (request, reply) => {
    const query = rangeIn(request.query as Parameters, Date.now())
    const gone = untilGone(reply)
    async function* hops(): AsyncGenerator<SearchRow, void, undefined> {
      for await (const hop of resolver.range({ ...query, signal: gone })) yield { kind: 'hop', hop }
    }
    const { summaries } = request.query as Parameters
    const rows = summaries === 'no' ? hops() : withSummaries(resolver, hops(), 'last', gone)
    return sendLines(reply, rows, gone, report)
  })

  app.get('/api/instances', async () => {
    const rows = await resolver.instances()
    const now = Date.now()
    return { instances: rows.map((row) => instanceView(row, now)), unread: rows.unread ?? [] }
  })

  app.get('/api/map', async (request, reply) => {
    const parameters = request.query as Parameters
    const limit = countIn(parameters, 'limit', MAP_HOPS, 100_000)
    const span = spanIn(parameters, Date.now())
    return serviceMap(resolver, { ...span, limit }, untilGone(reply))
  })
}

const STATUS: Readonly<Partial<Record<HoptraceError['code'], number>>> = {
  HOPTRACE_BAD_ID: 400,
  HOPTRACE_BAD_KEY: 400,
  HOPTRACE_FORBIDDEN: 403,
  HOPTRACE_DEADLINE: 504,
  HOPTRACE_STORE_UNAVAILABLE: 503,
  HOPTRACE_INSTANCE_UNAVAILABLE: 503,
  HOPTRACE_CLOSED: 503,
}
