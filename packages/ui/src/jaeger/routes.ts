import { hopIdInText, type Resolver, type ResolveResult } from '@hoptrace/core'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { errorJson, untilGone } from '../server/lines.js'
import { BadQuery, countIn, optional, required, type Parameters } from '../server/query.js'
import { serviceMap, serviceNames } from '../server/service-map.js'
import { failed, found, traceV1 } from './json-v1.js'
import { resourceSpans, summaryV3 } from './json-v3.js'
import { goMicros, searchTraces, type TraceSearch } from './search.js'
import { operationOf, spansOf } from '../model/spans.js'

/**
 * Jaeger's query API, so that Jaeger's page and Grafana's Jaeger data source can ask: the first generation (`/api/traces`, …), which both
 * use, and the third (`/api/v3/…`), which newer ones use. Parameters of the third have two spellings, `query.serviceName` and
 * `query.service_name`; both are taken. Jaeger's page calls the operation `query.span_name`. The README lists each request of both clients
 * with the source file that makes it.
 */
export async function jaegerRoutes(
  app: FastifyInstance,
  { resolver }: { readonly resolver: Resolver },
): Promise<void> {
  app.setErrorHandler((error: Error, request, reply) => {
    const isWrong = error instanceof BadQuery
    if (!isWrong) app.log.error(error)
    const status = isWrong ? 400 : 500
    const { message } = isWrong ? error : errorJson(error)
    if (request.url.startsWith('/api/v3/')) return reply.code(status).send(errorV3(status, message))
    return reply.code(status).send(failed(status, message))
  })

  /** What a service did in the last hour. */
  const operations = async (
    service: string,
    reply: FastifyReply,
  ): Promise<{ name: string; spanKind: string }[]> => {
    const known = new Map<string, string>()
    const now = Date.now()
    const signal = untilGone(reply)
    for await (const hop of resolver.range({
      service,
      from: now - 3_600_000,
      to: now,
      limit: OPERATION_HOPS,
      signal,
    }))
      known.set(operationOf(hop), hop.method === null ? 'internal' : 'server')
    return [...known]
      .map(([name, spanKind]) => ({ name, spanKind }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  app.get('/api/services', async () => found(await serviceNames(resolver)))

  app.get<{ Params: { service: string } }>('/api/services/:service/operations', async ({ params }, reply) =>
    found((await operations(params.service, reply)).map(({ name }) => name)),
  )

  app.get('/api/operations', async (request, reply) => {
    const parameters = request.query as Parameters
    const kind = optional(parameters, 'spanKind')
    const all = await operations(required(parameters, 'service'), reply)
    return found(all.filter(({ spanKind }) => kind === undefined || spanKind === kind))
  })

  app.get('/api/traces', async (request, reply) => {
    const parameters = request.query as Parameters
    const ids = [parameters['traceID']].flat().filter((id) => typeof id === 'string')
    if (ids.length > 0) {
      const results = await Promise.all(ids.slice(0, MOST_IDS).map((id) => resolver.resolve(traceId(id))))
      return found(results.filter(isThere).map((result) => traceV1(spansOf(result), [])))
    }
    const { results, warnings } = await searchTraces(
      resolver,
      searchV1(parameters, Date.now()),
      untilGone(reply),
    )
    return found(results.map((result) => traceV1(spansOf(result), warnings)))
  })

  app.get<{ Params: { id: string } }>('/api/traces/:id', async ({ params }, reply) => {
    const result = await resolver.resolve(traceId(params.id))
    if (!isThere(result)) return reply.code(404).send(failed(404, 'trace not found'))
    return found([traceV1(spansOf(result), result.partial ? result.evidence : [])])
  })

  app.get('/api/dependencies', async (request, reply) => {
    const parameters = request.query as Parameters
    const to = Number(optional(parameters, 'endTs') ?? Date.now())
    const lookback = Number(optional(parameters, 'lookback') ?? 86_400_000)
    if (!(to > 0) || !(lookback > 0)) throw new BadQuery('endTs and lookback must be milliseconds')
    const { edges } = await serviceMap(
      resolver,
      { from: Math.max(0, to - lookback), to, limit: DEPENDENCY_HOPS },
      untilGone(reply),
    )
    const traced = edges.filter(({ isTraced }) => isTraced)
    return found(traced.map(({ from, to: child, calls }) => ({ parent: from, child, callCount: calls })))
  })

  app.get('/api/v3/services', async () => ({ services: await serviceNames(resolver) }))

  app.get('/api/v3/operations', async (request, reply) => {
    const parameters = request.query as Parameters
    const kind = optional(parameters, 'spanKind') ?? optional(parameters, 'span_kind')
    const all = await operations(required(parameters, 'service'), reply)
    return { operations: all.filter(({ spanKind }) => kind === undefined || spanKind === kind) }
  })

  app.get('/api/v3/traces', async (request, reply) => {
    const { results } = await searchTraces(resolver, searchV3(request.query as Parameters), untilGone(reply))
    if (results.length === 0) return reply.code(404).send(errorV3(404, 'No traces found'))
    return { result: { resourceSpans: results.flatMap((result) => resourceSpans(spansOf(result))) } }
  })

  app.get('/api/v3/trace-summaries', async (request, reply) => {
    const { results } = await searchTraces(resolver, searchV3(request.query as Parameters), untilGone(reply))
    return { summaries: results.map((result) => summaryV3(spansOf(result))) }
  })

  app.get<{ Params: { id: string } }>('/api/v3/traces/:id', async ({ params }, reply) => {
    const result = await resolver.resolve(traceId(params.id))
    if (!isThere(result)) return reply.code(404).send(errorV3(404, 'No traces found'))
    return { result: { resourceSpans: resourceSpans(spansOf(result)) } }
  })
}

const OPERATION_HOPS = 2000
const DEPENDENCY_HOPS = 20_000
const MOST_IDS = 100
const DEFAULT_LIMIT = 20
const MOST_TRACES = 1500

function isThere({ hops }: ResolveResult): boolean {
  return hops.length > 0
}

function errorV3(httpCode: number, message: string): object {
  return { error: { httpCode, message } }
}

/** Jaeger leaves zeros at the beginning of an id out. */
function traceId(text: string): string {
  const id = /^[0-9a-f]{1,32}$/i.test(text) ? hopIdInText(text.padStart(32, '0')) : undefined
  if (id === undefined) throw new BadQuery('a trace id has at most 32 hex digits')
  return id
}

/** Times in microseconds, durations as Go writes them, tags as a JSON object. */
function searchV1(parameters: Parameters, nowMillis: number): TraceSearch {
  const micros = (name: string, fallback: number): number => {
    const text = optional(parameters, name)
    const millis = text === undefined ? fallback : Number(text) / 1000
    if (!(millis >= 0)) throw new BadQuery(`${name} must be microseconds since the epoch`)
    return millis
  }
  const to = micros('end', nowMillis)
  return checked({
    service: required(parameters, 'service'),
    operation: optional(parameters, 'operation'),
    tags: tagsIn('tags', optional(parameters, 'tags')),
    from: micros('start', to - 3_600_000),
    to,
    minMicros: goMicros('minDuration', optional(parameters, 'minDuration')),
    maxMicros: goMicros('maxDuration', optional(parameters, 'maxDuration')),
    limit: countIn(parameters, 'limit', DEFAULT_LIMIT, MOST_TRACES),
  })
}

/** Times as RFC 3339. */
function searchV3(parameters: Parameters): TraceSearch {
  const either = (camel: string, snake: string): string | undefined =>
    optional(parameters, `query.${camel}`) ?? optional(parameters, `query.${snake}`)
  const time = (camel: string, snake: string): number => {
    // Grafana does not encode the `+` of an offset, so it arrives as a space.
    const millis = Date.parse((either(camel, snake) ?? '').replace(/ (\d\d:\d\d)$/, '+$1'))
    if (!Number.isFinite(millis))
      throw new BadQuery(`query.${camel} must be a time such as 2026-11-22T15:00:00Z`)
    return millis
  }
  const depth = either('searchDepth', 'search_depth') ?? optional(parameters, 'query.num_traces')
  const service = either('serviceName', 'service_name')
  if (service === undefined) throw new BadQuery('query.serviceName is missing')
  return checked({
    service,
    operation: either('operationName', 'operation_name') ?? either('spanName', 'span_name'),
    tags: tagsIn('query.attributes', optional(parameters, 'query.attributes')),
    from: time('startTimeMin', 'start_time_min'),
    to: time('startTimeMax', 'start_time_max'),
    minMicros: goMicros('query.durationMin', either('durationMin', 'duration_min')),
    maxMicros: goMicros('query.durationMax', either('durationMax', 'duration_max')),
    limit: countIn(
      depth === undefined ? {} : { 'query.searchDepth': depth },
      'query.searchDepth',
      DEFAULT_LIMIT,
      MOST_TRACES,
    ),
  })
}

function checked(search: TraceSearch): TraceSearch {
  if (search.from >= search.to) throw new BadQuery('the start of a search must be before its end')
  return search
}

function tagsIn(name: string, text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {}
  let tags: unknown
  try {
    tags = JSON.parse(text)
  } catch {
    tags = undefined
  }
  if (typeof tags !== 'object' || tags === null || Array.isArray(tags))
    throw new BadQuery(`${name} must be a JSON object of texts`)
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, String(value)]))
}
