import { fold64, HoptraceError, type HopId, type Resolver, type ResolveResult } from '@hoptrace/core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { recorded, type Recorded } from '../recorded.fixture.js'
import { goMicros } from './search.js'

const containing = (items: readonly unknown[]): unknown => expect.arrayContaining([...items])
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern)
const including = (text: string): unknown => expect.stringContaining(text)
const someNumber: unknown = expect.any(Number)

let stage: Recorded
let base: string
let traceIds: readonly string[]

beforeAll(async () => {
  stage = await recorded()
  const found = await Promise.all(['1', '2', '3'].map((id) => stage.resolver.resolve(`orderId=${id}`)))
  traceIds = found.map(({ traceId }) => traceId)
})
afterEach(() => stage.closeAll())
afterAll(() => stage[Symbol.asyncDispose]())

/** The answer to a request as a client of Jaeger makes it. */
async function ask(
  address: string,
  options: Parameters<Recorded['start']>[0] = {},
): Promise<{ status: number; body: never }> {
  if (stage.open.length === 0) base = await stage.start(options)
  const response = await fetch(base + address)
  return { status: response.status, body: (await response.json()) as never }
}

const micros = (before: number): number => (Date.now() - before) * 1000

// As Jaeger's page and Grafana's Jaeger data source ask.
describe("Jaeger's first API", () => {
  it('names the services', async () => {
    expect(await ask('/api/services')).toEqual({
      status: 200,
      body: { data: ['orders'], total: 1, limit: 0, offset: 0, errors: null },
    })
  })

  it('names the operations of a service, in both ways', async () => {
    expect((await ask('/api/services/orders/operations')).body).toMatchObject({ data: ['place-order'] })
    expect((await ask('/api/operations?service=orders')).body).toMatchObject({
      data: [{ name: 'place-order', spanKind: 'internal' }],
    })
    expect((await ask('/api/operations?service=orders&spanKind=server')).body).toMatchObject({ data: [] })
  })

  it.each([
    [
      'page',
      () =>
        `end=${micros(-60_000)}&limit=20&lookback=1h&maxDuration&minDuration&service=orders&start=${micros(3_600_000)}`,
    ],
    [
      'data source',
      () =>
        `service=orders&operation=place-order&tags=&limit=20&start=${micros(3_600_000)}&end=${micros(-60_000)}&lookback=custom`,
    ],
  ])('finds the newest traces as the %s asks for them', async (_client, query) => {
    const { body } = await ask(`/api/traces?${query()}`)
    const { data } = body as { data: { traceID: string; spans: object[]; processes: object }[] }
    expect(data.map(({ traceID }) => traceID)).toEqual([...traceIds].reverse())
    expect(data[0]).toMatchObject({
      spans: [
        {
          traceID: traceIds[2],
          spanID: matching(/^[0-9a-f]{16}$/),
          operationName: 'place-order',
          references: [],
          startTime: someNumber,
          duration: someNumber,
          processID: 'p1',
          tags: containing([
            { key: 'orderId', type: 'string', value: '3' },
            { key: 'error', type: 'bool', value: true },
            { key: 'hoptrace.verdict', type: 'string', value: 'failed' },
          ]),
          logs: containing([
            {
              timestamp: someNumber,
              fields: containing([{ key: 'event', type: 'string', value: 'order.accepted' }]),
            },
          ]),
        },
      ],
      processes: { p1: { serviceName: 'orders' } },
    })
  })

  it('finds by a business key, by error, by duration', async () => {
    const found = async (query: string): Promise<number> => {
      const { body } = await ask(`/api/traces?service=orders&${query}`)
      return (body as { data: unknown[] }).data.length
    }
    expect(await found(`tags=${encodeURIComponent('{"orderId":"2"}')}`)).toBe(1)
    expect(await found(`tags=${encodeURIComponent('{"error":"true"}')}`)).toBe(1)
    expect(await found(`tags=${encodeURIComponent('{"error":"false"}')}`)).toBe(2)
    expect(await found('operation=other')).toBe(0)
    expect(await found('minDuration=1h')).toBe(0)
    expect(await found('maxDuration=1h30m')).toBe(3)
    expect(await found('limit=2')).toBe(2)
  })

  it('gives one trace by its id, and 404 for what is not there', async () => {
    const { status, body } = await ask(`/api/traces/${traceIds[0]}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ data: [{ traceID: traceIds[0] }], errors: null })
    expect(await ask(`/api/traces/${'1'.repeat(32)}`)).toEqual({
      status: 404,
      body: { data: null, total: 0, limit: 0, offset: 0, errors: [{ code: 404, msg: 'trace not found' }] },
    })
    expect((await ask(`/api/traces?traceID=${traceIds[0]}&traceID=${traceIds[1]}`)).body).toMatchObject({
      total: 2,
    })
  })

  it('says who calls whom', async () => {
    const { status, body } = await ask(`/api/dependencies?endTs=${Date.now()}&lookback=604800000`)
    expect([status, body]).toMatchObject([200, { data: [], errors: null }])
  })

  it.each([
    ['/api/traces', 'service is missing'],
    ['/api/traces?service=orders&minDuration=long', 'minDuration must be a duration'],
    ['/api/traces?service=orders&tags=junk', 'tags must be a JSON object'],
    ['/api/traces?service=orders&limit=0', 'limit must be'],
    ['/api/traces?service=orders&start=2&end=1', 'the start of a search'],
    ['/api/traces/junk', 'a trace id has'],
    ['/api/dependencies?endTs=soon', 'endTs and lookback'],
  ])('refuses %s', async (address, reason) => {
    const { status, body } = await ask(address)
    expect([status, body]).toMatchObject([
      400,
      { data: null, errors: [{ code: 400, msg: including(reason) }] },
    ])
  })
})

describe("Jaeger's third API", () => {
  const span = { traceId: '', spanId: matching(/^[0-9a-f]{16}$/), name: 'place-order', kind: 1 }

  it('names services and operations', async () => {
    expect((await ask('/api/v3/services')).body).toEqual({ services: ['orders'] })
    expect((await ask('/api/v3/operations?service=orders')).body).toEqual({
      operations: [{ name: 'place-order', spanKind: 'internal' }],
    })
  })

  it.each([
    ['serviceName', 'startTimeMin', 'startTimeMax', 'searchDepth'],
    ['service_name', 'start_time_min', 'start_time_max', 'num_traces'],
  ])('finds traces and summaries by query.%s', async (service, from, to, depth) => {
    const span = (before: number): string => encodeURIComponent(new Date(Date.now() - before).toISOString())
    const query = `query.${service}=orders&query.${from}=${span(3_600_000)}&query.${to}=${span(-60_000)}&query.${depth}=2`
    const { summaries } = (await ask(`/api/v3/trace-summaries?${query}`)).body as { summaries: object[] }
    expect(summaries).toMatchObject([
      {
        traceId: traceIds[2],
        rootServiceName: 'orders',
        rootOperationName: 'place-order',
        spanCount: 1,
        errorSpanCount: 1,
        minStartTimeUnixNano: matching(/^\d{19}$/),
        services: [{ name: 'orders', spanCount: 1, errorSpanCount: 1 }],
      },
      { traceId: traceIds[1], errorSpanCount: 0 },
    ])
    const { result } = (await ask(`/api/v3/traces?${query}`)).body as { result: { resourceSpans: object[] } }
    expect(result.resourceSpans).toHaveLength(2)
  })

  it('gives one trace as OTLP, and 404 for what is not there', async () => {
    const { body } = await ask(`/api/v3/traces/${traceIds[2]}`)
    expect(body).toMatchObject({
      result: {
        resourceSpans: [
          {
            resource: {
              attributes: containing([{ key: 'service.name', value: { stringValue: 'orders' } }]),
            },
            scopeSpans: [{ spans: [{ ...span, traceId: traceIds[2], status: { code: 2 } }] }],
          },
        ],
      },
    })
    expect(await ask(`/api/v3/traces/${'1'.repeat(32)}`)).toEqual({
      status: 404,
      body: { error: { httpCode: 404, message: 'No traces found' } },
    })
  })

  it('refuses a search without a time', async () => {
    expect(await ask('/api/v3/traces?query.serviceName=orders')).toEqual({
      status: 400,
      body: {
        error: { httpCode: 400, message: 'query.startTimeMin must be a time such as 2026-11-22T15:00:00Z' },
      },
    })
  })
})

it('shows a death as an error of its own, where the request ended, and the verdict at the entry', async () => {
  const entry = '18ec567f6e5bed2d00007f0000010fa0' as HopId
  const gone = '18ec567f6e5bed2e00007f0000010fa1' as HopId
  const died: ResolveResult = {
    traceId: entry,
    verdict: 'died',
    endedAt: { service: 'payments', instance: '127.0.0.1:4001', hopId: gone },
    lastHealthy: { service: 'orders', instance: '127.0.0.1:4000', hopId: entry },
    hops: [
      {
        hopId: entry,
        traceId: entry,
        service: 'orders',
        instance: '127.0.0.1:4000',
        method: 'POST',
        route: '/orders',
        status: 502,
        state: 'closed',
        startTime: '2026-11-22T15:00:00.000000000Z',
        durationMicros: 1000,
        error: null,
        aborted: false,
        keys: {},
        attributes: {},
        events: [],
        next: [
          {
            hopId: gone,
            target: '127.0.0.1:4001',
            service: 'payments',
            method: 'POST',
            outcome: 'ECONNRESET',
            offsetMicros: 100,
            durationMicros: 800,
            found: 'absent',
          },
        ],
        crash: null,
        shed: 0,
        lost: 0,
        source: 'store',
        calledBy: null,
        depth: 0,
      },
    ],
    evidence: ['orders saw ECONNRESET'],
    faults: [],
    partial: false,
    partialBecause: [],
    reads: { instances: 0, scans: 0, bytes: 0 },
    elapsedMillis: 1,
  }
  const resolver: Resolver = { ...stage.resolver, resolve: async () => died }
  const { body } = await ask(`/api/traces/${entry}`, { resolver })
  const [{ spans }] = (body as { data: [{ spans: { tags: object[] }[] }] }).data
  expect(spans).toHaveLength(2)
  expect(spans[0]?.tags).toEqual(
    containing([
      { key: 'hoptrace.verdict', type: 'string', value: 'died' },
      { key: 'hoptrace.ended_at', type: 'string', value: 'payments' },
      { key: 'hoptrace.last_healthy', type: 'string', value: 'orders' },
    ]),
  )
  expect(spans[1]).toMatchObject({
    spanID: fold64(gone),
    references: [{ refType: 'CHILD_OF', traceID: entry, spanID: fold64(entry) }],
    startTime: Date.parse('2026-11-22T15:00:00Z') * 1000 + 100,
    duration: 800,
    tags: containing([
      { key: 'error', type: 'bool', value: true },
      { key: 'hoptrace.ended_here', type: 'bool', value: true },
    ]),
    logs: [{ fields: containing([{ key: 'event', type: 'string', value: 'exception' }]) }],
  })
})

it('says in a warning what a search could not read, and fails only if nothing could', async () => {
  const partly: Resolver = {
    ...stage.resolver,
    range: async function* (query) {
      yield* stage.resolver.range({ ...query, limit: 1 })
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', 'the store of orders is away')
    },
  }
  const { body } = await ask('/api/traces?service=orders', { resolver: partly })
  expect(body).toMatchObject({ data: [{ warnings: ['the store of orders is away'] }] })
  await stage.closeAll()
  const away: Resolver = {
    ...stage.resolver,
    range: async function* () {
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', 'the store of orders is away')
    },
  }
  expect(await ask('/api/traces?service=orders', { resolver: away })).toMatchObject({
    status: 500,
    body: { data: null, errors: [{ code: 500, msg: 'the store of orders is away' }] },
  })
})

it.each([
  ['100ms', 100_000],
  ['1.2s', 1_200_000],
  ['1h30m', 5_400_000_000],
  ['500us', 500],
  ['3µs', 3],
])('reads the duration %s', (text, expected) => {
  expect(goMicros('d', text)).toBe(expected)
})
