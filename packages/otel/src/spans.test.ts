import http, { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { traceAxios } from '@hoptrace/axios'
import { hoptrace as expressHops } from '@hoptrace/express'
import { traceFetch } from '@hoptrace/fetch'
import { traceHttp } from '@hoptrace/http'
import { exchange, listen, openKitTracer, type KitTracer } from '@hoptrace/testkit'
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type SpanOptions,
} from '@opentelemetry/api'
import { AlwaysOffSampler, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import axios from 'axios'
import { describe, expect, it } from 'vitest'
import type { HopRecord } from '@hoptrace/core'
import { hoptrace, type HopOptions } from './index.js'
import { express, feed } from './sdk.fixture.js'

interface Fed extends KitTracer {
  /** Starts a span in `active`, runs `fn` in it, and ends it. */
  span<T>(name: string, options: SpanOptions, fn: (span: Span) => T, active?: typeof ROOT_CONTEXT): T
  closed(find?: (record: HopRecord) => boolean): Promise<HopRecord>
}

async function openFed(options: HopOptions = {}): Promise<Fed> {
  const kit = await openKitTracer()
  const tracer = feed(kit.tracer, options).getTracer('application')
  return {
    ...kit,
    span(name, spanOptions, fn, active = context.active()) {
      const span = tracer.startSpan(name, spanOptions, active)
      try {
        return context.with(trace.setSpan(active, span), () => fn(span))
      } finally {
        span.end()
      }
    },
    closed: (find = () => true) => kit.eventually((record) => record.state === 'closed' && find(record)),
  }
}

const consumer: SpanOptions = { kind: SpanKind.CONSUMER }
const get = (port: number, path = '/'): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = http.request(
      { host: '127.0.0.1', port, path },
      (res) => void text(res).then(resolve, reject),
    )
    sent.on('error', reject).end()
  })

describe('spans of OpenTelemetry', () => {
  it('of a consumer: a hop, closed in the log when the span has ended', async () => {
    await using fed = await openFed()
    const { traceId } = fed.span('orders process', consumer, (span) => span.spanContext())
    const [record] = await fed.records()
    expect(record).toMatchObject({
      hopId: traceId,
      traceId,
      state: 'closed',
      route: 'orders process',
      error: null,
    })
  })

  it('of a client: a call, in the log when the span has started, and answered when it has ended', async () => {
    await using fed = await openFed()
    const attributes = {
      'db.system.name': 'postgresql',
      'server.address': '127.0.0.1',
      'db.operation.name': 'select',
    }
    const tracer = feed(fed.tracer).getTracer('application')
    const hop = tracer.startSpan('orders process', consumer)
    const call = tracer.startSpan(
      'SELECT shop',
      { kind: SpanKind.CLIENT, attributes },
      trace.setSpan(ROOT_CONTEXT, hop),
    )
    expect((await fed.records())[0]?.next).toMatchObject([
      { target: '127.0.0.1:5432', method: 'SELECT', outcome: null },
    ])
    call.end()
    hop.end()
    expect((await fed.records())[0]?.next).toMatchObject([{ outcome: '200' }])
  })

  it.each([
    ['an answer', {}, undefined, '200'],
    ['an error of the server', {}, { name: 'error', code: '23505', message: 'duplicate key' }, '500'],
    [
      'an error of the connection',
      {},
      { name: 'Error', code: 'ECONNREFUSED', message: 'no' },
      'ECONNREFUSED',
    ],
    ['a status of HTTP', { 'http.response.status_code': 404 }, undefined, '404'],
    ['gRPC: OK', { 'rpc.grpc.status_code': 0 }, undefined, '200'],
    ['gRPC: UNAVAILABLE', { 'rpc.grpc.status_code': 14 }, undefined, '503'],
    ['gRPC: DEADLINE_EXCEEDED', { 'rpc.grpc.status_code': 4 }, undefined, 'ETIMEDOUT'],
  ])('of a client: the outcome of %s', async (_, attributes, exception, outcome) => {
    await using fed = await openFed()
    const options = { kind: SpanKind.CLIENT, attributes: { 'server.address': 'db', 'server.port': 1 } }
    fed.span('job', consumer, () =>
      fed.span('call', options, (span) => {
        span.setAttributes(attributes)
        if (exception === undefined) return
        span.recordException(exception)
        span.setStatus({ code: SpanStatusCode.ERROR })
      }),
    )
    expect((await fed.closed()).next).toMatchObject([{ target: 'db:1', outcome }])
  })

  it('of a producer: a message, which continues in the hop of its consumer', async () => {
    await using fed = await openFed()
    const carrier: Record<string, string> = {}
    const attributes = { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' }
    const options = { kind: SpanKind.PRODUCER, attributes }
    fed.span('checkout', consumer, () =>
      fed.span('orders publish', options, () => propagation.inject(context.active(), carrier)),
    )
    const read = propagation.extract(ROOT_CONTEXT, carrier)
    fed.span('orders process', { ...consumer, attributes }, () => undefined, read)
    const from = await fed.closed(({ route }) => route === 'checkout')
    const to = await fed.closed(({ route }) => route === 'orders process')
    expect(from.next).toMatchObject([
      { target: 'kafka://orders', method: null, outcome: 'SENT', hopId: to.assignedId },
    ])
    expect(to.traceId).toBe(from.traceId)
    expect(to.parentSpan).toBeNull()
  })

  it('of a server without node:http, as of gRPC: the hop takes the id that its caller assigned', async () => {
    await using fed = await openFed()
    const carrier: Record<string, string> = {}
    const options = { kind: SpanKind.CLIENT, attributes: { 'rpc.system': 'grpc' } }
    fed.span('job', consumer, () =>
      fed.span('grpc.Stock/Take', options, (span) => {
        span.setAttributes({ 'net.peer.name': '127.0.0.1', 'net.peer.port': 50051 })
        propagation.inject(context.active(), carrier)
      }),
    )
    const active = propagation.extract(ROOT_CONTEXT, carrier)
    fed.span('grpc.Stock/Take', { kind: SpanKind.SERVER }, () => undefined, active)
    const caller = await fed.closed(({ route }) => route === 'job')
    const callee = await fed.closed(({ route }) => route === 'grpc.Stock/Take')
    expect(caller.next).toMatchObject([{ target: '127.0.0.1:50051', method: 'POST' }])
    expect(callee).toMatchObject({ traceId: caller.traceId, parentSpan: null })
    expect(callee.hopId.slice(0, 20)).toBe(caller.next[0]?.hopId.slice(0, 20))
  })

  it('within a hop: events with their attributes, and without what hoptrace never records', async () => {
    await using fed = await openFed()
    fed.span('job', consumer, () => {
      const attributes = { 'cart.items': 3, 'url.path': '/secret', 'graphql.source': '{ secret }' }
      fed.span('reserve', { attributes }, (span) => span.addEvent('reserved', { warehouse: 'a' }))
    })
    const { events } = await fed.closed()
    expect(events).toMatchObject([
      { name: 'reserved', attributes: { warehouse: 'a' } },
      { name: 'reserve', attributes: { 'cart.items': 3, 'span.duration_ms': expect.any(Number) as number } },
    ])
    expect(JSON.stringify(events)).not.toContain('secret')
  })

  it('within a hop: none of those that the application does not want', async () => {
    await using fed = await openFed({ events: ({ name }) => name !== 'noise' })
    fed.span('job', consumer, () => fed.span('noise', {}, () => fed.span('step', {}, () => undefined)))
    expect((await fed.closed()).events.map(({ name }) => name)).toEqual(['step'])
  })

  it('give the hop its keys and its own attributes', async () => {
    await using fed = await openFed({ keys: { 'order.id': 'orderId' } })
    fed.span('job', consumer, (span) => {
      span.setAttribute('tenant', 'acme')
      fed.span('charge', {}, (inner) => inner.setAttribute('order.id', 42))
      fed.tracer.hop?.setKey('customer', '7')
    })
    const { keys, attributes } = await fed.closed()
    expect({ keys, attributes }).toEqual({
      keys: { orderId: '42', customer: '7' },
      attributes: { tenant: 'acme' },
    })
  })

  it.each([
    ['an exception', (span: Span) => span.recordException(new TypeError('bad')), 'TypeError: bad'],
    [
      'a status',
      (span: Span) => span.setStatus({ code: SpanStatusCode.ERROR, message: 'late' }),
      'Error: late',
    ],
    [
      'an exception that the application has handled',
      (span: Span) => {
        span.recordException(new TypeError('bad'))
        span.setStatus({ code: SpanStatusCode.OK })
      },
      undefined,
    ],
  ])('fail the hop by %s', async (_, fail, expected) => {
    await using fed = await openFed()
    fed.span('job', consumer, fail)
    const { error } = await fed.closed()
    expect(error === null ? undefined : `${error.name}: ${error.message}`).toBe(expected)
  })

  it('at the root: a hop if the application started it, nothing if an instrumentation did', async () => {
    await using fed = await openFed()
    const kit = feed(fed.tracer)
    kit.getTracer('@opentelemetry/instrumentation-net').startSpan('tcp.connect').end()
    kit.getTracer('application').startSpan('nightly').end()
    expect((await fed.closed()).route).toBe('nightly')
    expect(await fed.records()).toHaveLength(1)
  })

  it('below tracer.run belong to its hop, and so does the trace', async () => {
    await using fed = await openFed()
    const spanTrace = fed.tracer.run({ name: 'nightly' }, () =>
      fed.span('step', {}, (span) => span.spanContext().traceId),
    )
    const record = await fed.closed()
    expect(record).toMatchObject({ route: 'nightly', traceId: spanTrace, events: [{ name: 'step' }] })
    expect(await fed.records()).toHaveLength(1)
  })

  it('that a sampler drops are recorded, and not exported', async () => {
    await using fed = await openFed()
    const exporter = new InMemorySpanExporter()
    const { spanProcessors, ...parts } = hoptrace(fed.tracer, { sampler: new AlwaysOffSampler() })
    const provider = new NodeTracerProvider({
      spanProcessors: [...spanProcessors, new SimpleSpanProcessor(exporter)],
      idGenerator: parts.idGenerator,
      sampler: parts.sampler,
    })
    provider.getTracer('application').startSpan('job', consumer).end()
    expect((await fed.closed()).route).toBe('job')
    expect(exporter.getFinishedSpans()).toEqual([])
  })

  it('are ignored once the processor is shut down, or the tracer is closed', async () => {
    await using fed = await openFed()
    const { spanProcessors } = hoptrace(fed.tracer)
    const provider = new NodeTracerProvider({ spanProcessors })
    provider.getTracer('application').startSpan('before', consumer).end()
    await provider.forceFlush()
    await provider.shutdown()
    provider.getTracer('application').startSpan('after', consumer).end()
    await fed.tracer.close()
    fed.span('closed', consumer, () => undefined)
    expect(fed.tracer.stats()).toMatchObject({ appended: 1, errors: 0 })
  })
})

describe('requests between services that OpenTelemetry sees', () => {
  it.each(['node:http', 'fetch', 'axios'])('%s: the callee takes the id of its call', async (client) => {
    await using fed = await openFed()
    const app = express()
    app.get('/leaf', (_req, res) => res.end('leaf'))
    let port = 0
    app.get('/', (_req, res) => {
      const url = `http://127.0.0.1:${port}/leaf`
      const sent =
        client === 'fetch'
          ? fetch(url).then((response) => response.text())
          : client === 'axios'
            ? axios.get<string>(url).then(({ data }) => data)
            : get(port, '/leaf')
      void sent.then((body) => res.end(body))
    })
    await using server = await listen(createServer(app))
    port = server.port
    expect((await exchange(port, { path: '/' })).body.toString()).toBe('leaf')
    const entry = await fed.closed(({ route, next }) => route === '/' && next[0]?.outcome === '200')
    const leaf = await fed.closed(({ route }) => route === '/leaf')
    expect(entry.next).toMatchObject([
      { hopId: leaf.hopId, target: `127.0.0.1:${port}`, method: 'GET', servedBy: { hopId: leaf.hopId } },
    ])
    expect(leaf).toMatchObject({ traceId: entry.traceId, parentSpan: null })
  })

  it('are recorded once, with the adapters of hoptrace in the same process', async () => {
    await using fed = await openFed()
    traceHttp(fed.tracer)
    traceFetch(fed.tracer)
    const client = traceAxios(axios.create(), fed.tracer)
    const app = express()
    app.use(expressHops(fed.tracer))
    app.get('/leaf', (_req, res) => res.end('leaf'))
    let port = 0
    app.get('/', async (_req, res) => {
      const url = `http://127.0.0.1:${port}/leaf`
      await get(port, '/leaf')
      await (await fetch(url)).text()
      await client.get(url)
      res.end('all')
    })
    await using server = await listen(createServer(app))
    port = server.port
    expect((await exchange(port, { path: '/' })).body.toString()).toBe('all')
    const entry = await fed.closed(
      ({ route, next }) => route === '/' && next.every(({ outcome }) => outcome === '200'),
    )
    const records = await fed.records()
    const leaves = records.filter(({ route }) => route === '/leaf').map(({ hopId }) => hopId)
    expect(records).toHaveLength(4)
    expect(entry.next.map(({ hopId }) => hopId)).toEqual(leaves)
  })

  it('by the W3C propagator alone: the callee takes the id, too', async () => {
    await using fed = await openFed()
    const carrier: Record<string, string> = {}
    const options = { kind: SpanKind.CLIENT, attributes: { 'server.address': '127.0.0.1', 'server.port': 1 } }
    const own = fed.span('job', consumer, () =>
      fed.span('call', options, (span) => {
        const { traceId, spanId, traceState } = span.spanContext()
        carrier['traceparent'] = `00-${traceId}-${spanId}-01`
        carrier['tracestate'] = traceState?.serialize() ?? ''
        const sent: Record<string, string> = {}
        propagation.inject(context.active(), sent)
        return sent
      }),
    )
    expect(carrier).toEqual(own)
  })
})
