import type { Attributes, AttributeValue } from '@hoptrace/core'
import type { Span } from '../model/spans.js'

/** The answer of Jaeger's first HTTP API: what was asked for, or errors. */
export interface Envelope<T> {
  readonly data: T | null
  readonly total: number
  readonly limit: number
  readonly offset: number
  readonly errors: readonly { readonly code: number; readonly msg: string }[] | null
}

/** One name and its value. */
interface Tag {
  readonly key: string
  readonly type: 'string' | 'bool' | 'int64' | 'float64'
  readonly value: AttributeValue
}

/** A trace as Jaeger's first HTTP API writes it. */
export interface TraceV1 {
  readonly traceID: string
  readonly spans: readonly object[]
  readonly processes: Readonly<
    Record<string, { readonly serviceName: string; readonly tags: readonly Tag[] }>
  >
  readonly warnings: readonly string[] | null
}

export function found<T extends readonly unknown[]>(data: T): Envelope<T> {
  return { data, total: data.length, limit: 0, offset: 0, errors: null }
}

export function failed(code: number, msg: string): Envelope<never> {
  return { data: null, total: 0, limit: 0, offset: 0, errors: [{ code, msg }] }
}

/** Times are microseconds; a process is an instance of a service. */
export function traceV1(spans: readonly Span[], warnings: readonly string[]): TraceV1 {
  const ids = new Map<string, string>()
  const processes: Record<string, TraceV1['processes'][string]> = {}
  const processOf = ({ service, instance }: Span): string => {
    const name = JSON.stringify([service, instance])
    let id = ids.get(name)
    if (id === undefined) {
      id = `p${ids.size + 1}`
      ids.set(name, id)
      processes[id] = { serviceName: service, tags: tagsOf({ 'service.instance.id': instance }) }
    }
    return id
  }
  const [entry] = spans
  return {
    traceID: entry?.traceId ?? '',
    spans: spans.map((span) => ({
      traceID: span.traceId,
      spanID: span.spanId,
      flags: 1,
      operationName: span.operation,
      references:
        span.parentSpanId === null
          ? []
          : [{ refType: 'CHILD_OF', traceID: span.traceId, spanID: span.parentSpanId }],
      startTime: microsOf(span.startNanos),
      duration: microsOf(span.endNanos - span.startNanos),
      tags: tagsOf({ ...span.attributes, 'span.kind': span.kind, ...(span.isError ? { error: true } : {}) }),
      logs: span.events.map(({ nanos, name, attributes }) => ({
        timestamp: microsOf(nanos),
        fields: tagsOf({ event: name, ...attributes }),
      })),
      processID: processOf(span),
      warnings: null,
    })),
    processes,
    warnings: warnings.length === 0 ? null : warnings,
  }
}

function tagsOf(attributes: Attributes): Tag[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, type: typeOf(value), value }))
}

function typeOf(value: AttributeValue): Tag['type'] {
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return 'string'
}

function microsOf(nanos: bigint): number {
  return Number(nanos / 1000n)
}
