import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recorded, type Recorded } from '../recorded.fixture.js'

/** What the addresses of a client are made of. */
interface Asked {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
}

/** A request as a client makes it, and the traces or names that its answer holds. */
type Request = readonly [what: string, address: (asked: Asked) => string, holds: unknown]

const query = (parameters: Readonly<Record<string, string>>): string =>
  String(new URLSearchParams(parameters))

const iso = (millis: number): string => new Date(millis).toISOString()
const zoned = (millis: number): string => iso(millis + 3_600_000).replace('Z', '000000+01:00')

let stage: Recorded
let base: string
let asked: Asked

beforeAll(async () => {
  stage = await recorded()
  base = await stage.start()
  const { traceId } = await stage.resolver.resolve('orderId=2')
  asked = { id: traceId, from: Date.now() - 3_600_000, to: Date.now() + 60_000 }
})
afterAll(() => stage[Symbol.asyncDispose]())

/** What an answer holds, whichever API gave it: numbers of traces, or names. */
function held(body: object): unknown {
  if ('services' in body) return body.services
  if ('operations' in body) return body.operations
  if ('summaries' in body) return (body.summaries as object[]).length
  if ('result' in body) return (body.result as { resourceSpans: object[] }).resourceSpans.length
  const { data } = body as { data: readonly (string | object)[] }
  return data.every((one) => typeof one === 'object' && 'traceID' in one) && data.length > 0
    ? data.length
    : data
}

// The README has the same list: which file of which client makes which of these requests.
const CLIENTS: Readonly<Record<string, readonly Request[]>> = {
  "Jaeger's page, first API": [
    ['services', () => '/api/services', ['orders']],
    ['operations', () => '/api/services/orders/operations', ['place-order']],
    ['operations of servers', () => '/api/operations?service=orders&spanKind=server', []],
    [
      'a search',
      ({ from, to }) =>
        `/api/traces?end=${to}000&limit=20&lookback=1h&maxDuration&minDuration&service=orders&start=${from}000`,
      3,
    ],
    [
      'a search with everything',
      ({ from, to }) =>
        `/api/traces?${query({
          end: `${to}000`,
          limit: '20',
          lookback: 'custom',
          maxDuration: '1h',
          minDuration: '0ms',
          operation: 'place-order',
          service: 'orders',
          start: `${from}000`,
          tags: '{"orderId":"2"}',
        })}`,
      1,
    ],
    ['a trace', ({ id }) => `/api/traces/${id}`, 1],
    ['a trace as JSON', ({ id }) => `/api/traces/${id}?prettyPrint=true`, 1],
    ['a trace as raw JSON', ({ id }) => `/api/traces/${id}?raw=true&prettyPrint=true`, 1],
    ['several traces', ({ id }) => `/api/traces?traceID=${id}&traceID=${'1'.repeat(32)}`, 1],
    ['dependencies', ({ to }) => `/api/dependencies?endTs=${to}&lookback=604800000`, []],
  ],
  "Jaeger's page, third API": [
    ['services', () => '/api/v3/services', ['orders']],
    [
      'operations',
      () => '/api/v3/operations?service=orders',
      [{ name: 'place-order', spanKind: 'internal' }],
    ],
    [
      'a search',
      ({ from, to }) =>
        `/api/v3/trace-summaries?${query({
          'query.service_name': 'orders',
          'query.start_time_min': iso(from),
          'query.start_time_max': iso(to),
          'query.num_traces': '20',
        })}`,
      3,
    ],
    [
      'a search with everything',
      ({ from, to }) =>
        `/api/v3/trace-summaries?${query({
          'query.service_name': 'orders',
          'query.span_name': 'place-order',
          'query.start_time_min': iso(from),
          'query.start_time_max': iso(to),
          'query.num_traces': '20',
          'query.duration_min': '0ms',
          'query.duration_max': '1h',
          'query.attributes': '{"orderId":"2"}',
        })}`,
      1,
    ],
    [
      'a search for another operation',
      ({ from, to }) =>
        `/api/v3/trace-summaries?${query({
          'query.service_name': 'orders',
          'query.span_name': 'cancel-order',
          'query.start_time_min': iso(from),
          'query.start_time_max': iso(to),
        })}`,
      0,
    ],
    ['a trace', ({ id }) => `/api/v3/traces/${id}`, 1],
  ],
  "Grafana's data source in the browser": [
    ['services', () => '/api/services', ['orders']],
    ['operations', () => '/api/services/orders/operations', ['place-order']],
    [
      'a search',
      ({ from, to }) =>
        `/api/traces?${query({
          service: 'orders',
          operation: 'place-order',
          tags: '{"orderId":"2"}',
          minDuration: '0ms',
          maxDuration: '1h',
          limit: '20',
          start: `${from}000`,
          end: `${to}000`,
          lookback: 'custom',
        })}`,
      1,
    ],
    ['a trace', ({ id }) => `/api/traces/${id}`, 1],
  ],
  "Grafana's data source in its server": [
    ['services', () => '/api/services', ['orders']],
    ['operations', () => '/api/services/orders/operations', ['place-order']],
    ['a search', ({ from, to }) => `/api/traces?end=${to}000&limit=20&service=orders&start=${from}000`, 3],
    ['a search of older versions, without a time', () => '/api/traces?limit=20&service=orders', 3],
    ['a trace', ({ id }) => `/api/traces/${id}`, 1],
    ['a trace, with its time', ({ id, from, to }) => `/api/traces/${id}?end=${to}000&start=${from}000`, 1],
    ['dependencies', ({ to }) => `/api/dependencies?endTs=${to}&lookback=3600000`, []],
  ],
  "Grafana's data source in its server, third API": [
    ['services', () => '/api/v3/services', ['orders']],
    [
      'operations',
      () => '/api/v3/operations?service=orders',
      [{ name: 'place-order', spanKind: 'internal' }],
    ],
    [
      'a search',
      ({ from, to }) =>
        `/api/v3/traces?${query({
          'query.attributes': '{"orderId":"2"}',
          'query.duration_max': '1h',
          'query.duration_min': '0ms',
          'query.operation_name': 'place-order',
          'query.service_name': 'orders',
        })}&query.start_time_min=${iso(from)}&query.start_time_max=${iso(to)}`,
      1,
    ],
    [
      'a search with times of a zone',
      ({ from, to }) =>
        `/api/v3/traces?query.service_name=orders&query.start_time_min=${zoned(from)}&query.start_time_max=${zoned(to)}`,
      3,
    ],
    ['a trace', ({ id }) => `/api/v3/traces/${id}`, 1],
    [
      'a trace, with its time',
      ({ id, from, to }) => `/api/v3/traces/${id}?start_time=${iso(from)}&end_time=${iso(to)}`,
      1,
    ],
  ],
}

describe.each(Object.entries(CLIENTS))('%s', (_client, requests) => {
  it.each(requests)('asks for %s', async (_what, address, holds) => {
    const response = await fetch(base + address(asked))
    expect(response.status).toBe(200)
    expect(held((await response.json()) as object)).toEqual(holds)
  })
})
