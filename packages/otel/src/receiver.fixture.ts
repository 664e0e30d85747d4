import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { listen } from '@hoptrace/testkit'

/** A span as OpenTelemetry's own decoder reads it. */
export interface ReceivedSpan {
  readonly service: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: number
  readonly durationNanos: bigint
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly string[]
  readonly isError: boolean
}

interface KeyValue {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}
interface Decoded {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: Uint8Array
        readonly spanId: Uint8Array
        readonly parentSpanId?: Uint8Array
        readonly name: string
        readonly kind: number
        readonly startTimeUnixNano: unknown
        readonly endTimeUnixNano: unknown
        readonly attributes: readonly KeyValue[]
        readonly events: readonly { readonly name: string }[]
        readonly status?: { readonly code?: number }
      }[]
    }[]
  }[]
}
interface Root {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly trace: {
          readonly v1: { readonly ExportTraceServiceRequest: { decode(bytes: Uint8Array): Decoded } }
        }
      }
    }
  }
}

const root = createRequire(import.meta.url)('otlp-transformer-decoder/build/src/generated/root.js') as Root
const request = root.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest

/** Takes OTLP over HTTP. */
export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly spans: ReceivedSpan[]
  /** Headers of each request, also of those that it refused. */
  readonly requests: Readonly<Record<string, unknown>>[]
  /** The answers of the next requests: a status, with its body. Afterwards it takes everything. */
  readonly answers: {
    readonly status: number
    readonly headers?: Record<string, string>
    readonly body?: Uint8Array
  }[]
}

/** Starts a receiver that decodes with the protobuf code that OpenTelemetry generates. */
export async function startReceiver(): Promise<Receiver> {
  const spans: ReceivedSpan[] = []
  const requests: Record<string, unknown>[] = []
  const answers: Receiver['answers'] = []
  const server = createServer((req, res) => {
    void buffer(req).then((body) => {
      requests.push({ ...req.headers, url: req.url })
      const { status, headers = {}, body: answer = new Uint8Array() } = answers.shift() ?? { status: 200 }
      if (status === 200) spans.push(...decoded(gunzipSync(body)))
      res.writeHead(status, headers).end(answer)
    })
  })
  const { port, ...listening } = await listen(server)
  return { ...listening, url: `http://127.0.0.1:${port}`, spans, requests, answers }
}

function decoded(bytes: Uint8Array): ReceivedSpan[] {
  return request.decode(bytes).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: String(valuesOf(resource.attributes)['service.name']),
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId ?? new Uint8Array()),
        name: span.name,
        kind: span.kind,
        durationNanos: BigInt(String(span.endTimeUnixNano)) - BigInt(String(span.startTimeUnixNano)),
        attributes: valuesOf(span.attributes),
        events: span.events.map(({ name }) => name),
        isError: span.status?.code === 2,
      })),
    ),
  )
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function valuesOf(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [given] = Object.values(value).filter((one) => one !== null && one !== undefined)
      return [key, typeof given === 'object' ? Number(given) : given]
    }),
  )
}
