import { closedPort } from '@hoptrace/testkit'
import { describe, expect, it } from 'vitest'
import { OtlpSender, type ExportedSpan } from './export.js'
import { startReceiver } from './receiver.fixture.js'

const startNanos = 1_800_000_000_123_456_789n

const span = (index: number, more: Partial<ExportedSpan> = {}): ExportedSpan => ({
  traceId: '18ec6dcad23988d600007f000001a8a1',
  spanId: (index + 1).toString(16).padStart(16, '0'),
  parentSpanId: null,
  service: 'orders',
  instance: '127.0.0.1:4001',
  operation: 'GET /orders/:id',
  kind: 'server',
  startNanos,
  endNanos: startNanos + 1_000_001n,
  attributes: {},
  events: [],
  isError: false,
  ...more,
})

describe('spans over OTLP', () => {
  it('arrive as they are, by the decoder of OpenTelemetry', async () => {
    await using receiver = await startReceiver()
    const sender = new OtlpSender({ url: receiver.url, headers: { authorization: 'Bearer token' } })
    const attributes = { text: 'ü', count: 3, share: 0.5, yes: true }
    const events = [{ nanos: startNanos + 5n, name: 'order.found', attributes: {} }]
    await sender.add([
      span(0, { attributes, events }),
      span(1, { parentSpanId: span(0).spanId, service: 'payments', kind: 'client', isError: true }),
    ])
    await sender.flush()
    expect(receiver.requests).toMatchObject([
      { url: '/v1/traces', 'content-type': 'application/x-protobuf', authorization: 'Bearer token' },
    ])
    const { traceId } = span(0)
    expect(receiver.spans).toMatchObject([
      {
        traceId,
        service: 'orders',
        kind: 2,
        durationNanos: 1_000_001n,
        attributes,
        events: ['order.found'],
        isError: false,
      },
      { traceId, service: 'payments', kind: 3, parentSpanId: span(0).spanId, isError: true },
    ])
    expect(sender.counts).toEqual({ sent: 2, rejected: 0, retries: 0, batches: 1 })
  })

  it('are sent in batches', async () => {
    await using receiver = await startReceiver()
    const sender = new OtlpSender({ url: receiver.url })
    for (let i = 0; i < 1200; i++) await sender.add([span(i)])
    expect(receiver.requests).toHaveLength(2)
    await sender.flush()
    expect(new Set(receiver.spans.map(({ spanId }) => spanId)).size).toBe(1200)
    expect(sender.counts).toMatchObject({ sent: 1200, batches: 3 })
  })

  it.each([429, 502, 503, 504])('are sent again after status %i', async (status) => {
    await using receiver = await startReceiver()
    receiver.answers.push({ status, headers: { 'retry-after': '0' } }, { status })
    const sender = new OtlpSender({ url: receiver.url })
    await sender.add([span(0)])
    await sender.flush()
    expect(receiver.spans).toHaveLength(1)
    expect(sender.counts).toMatchObject({ sent: 1, retries: 2 })
  })

  it('are not sent again if the receiver refuses them for good', async () => {
    await using receiver = await startReceiver()
    receiver.answers.push({ status: 401 })
    const sender = new OtlpSender({ url: `${receiver.url}/otlp/own` })
    await sender.add([span(0)])
    await expect(sender.flush()).rejects.toThrow(
      `${receiver.url}/otlp/own does not take the spans: status 401`,
    )
    expect(receiver.requests).toMatchObject([{ url: '/otlp/own' }])
  })

  it('that the receiver rejects in a whole batch are counted', async () => {
    await using receiver = await startReceiver()
    // ExportTraceServiceResponse { partial_success: { rejected_spans: 1 } }
    receiver.answers.push({ status: 200, body: Uint8Array.of(0x0a, 0x02, 0x08, 0x01) })
    const sender = new OtlpSender({ url: receiver.url })
    await sender.add([span(0), span(1)])
    await sender.flush()
    expect(sender.counts).toMatchObject({ sent: 1, rejected: 1 })
  })

  it('that nothing takes: the error names the receiver and the reason', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`
    const sender = new OtlpSender({ url, giveUpMillis: 500 })
    await sender.add([span(0)])
    await expect(sender.flush()).rejects.toThrow(`${url}/v1/traces does not take the spans: ECONNREFUSED`)
  })

  it('need a URL of HTTP', () => {
    expect(() => new OtlpSender({ url: 'localhost:4318' })).toThrow(TypeError)
  })
})
