import { SpanKind, SpanStatusCode, TraceFlags, type Attributes, type HrTime } from '@opentelemetry/api'
import { resourceFromAttributes, type Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'

/** A span of a trace that hoptrace has resolved. */
export interface ExportedSpan {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  readonly parentSpanId: string | null
  readonly service: string
  /** `ip:port` */
  readonly instance: string
  readonly operation: string
  readonly kind: 'server' | 'client' | 'internal'
  readonly startNanos: bigint
  readonly endNanos: bigint
  readonly attributes: Attributes
  readonly events: readonly {
    readonly nanos: bigint
    readonly name: string
    readonly attributes: Attributes
  }[]
  readonly isError: boolean
}

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const
const scope = { name: 'hoptrace' }

/** The spans in the form that OpenTelemetry's transformer takes. Spans of one instance share their resource. */
export function readableSpans(spans: readonly ExportedSpan[]): ReadableSpan[] {
  const resources = new Map<string, Resource>()
  return spans.map((span) => {
    const { service, instance } = span
    const key = `${service} ${instance}`
    const resource =
      resources.get(key) ??
      resourceFromAttributes({ 'service.name': service, 'service.instance.id': instance })
    resources.set(key, resource)
    return readable(span, resource)
  })
}

function readable(span: ExportedSpan, resource: Resource): ReadableSpan {
  const { traceId, spanId, parentSpanId, startNanos, endNanos } = span
  const own = { traceId, spanId, traceFlags: TraceFlags.SAMPLED }
  return {
    name: span.operation,
    kind: kinds[span.kind],
    spanContext: () => own,
    ...(parentSpanId === null ? {} : { parentSpanContext: { ...own, spanId: parentSpanId } }),
    startTime: hrTime(startNanos),
    endTime: hrTime(endNanos),
    duration: hrTime(endNanos - startNanos),
    ended: true,
    status: { code: span.isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: span.attributes,
    links: [],
    events: span.events.map(({ nanos, name, attributes }) => ({ time: hrTime(nanos), name, attributes })),
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

/** Seconds and nanoseconds. */
const hrTime = (nanos: bigint): HrTime => [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)]
