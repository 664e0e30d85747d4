import type { Attributes, AttributeValue } from '@hoptrace/core'
import type { Span } from '../model/spans.js'

const KINDS = { internal: 1, server: 2, client: 3 } as const
const ERROR = 2

/** The spans of traces as OTLP's JSON: grouped by instance. */
export function resourceSpans(spans: readonly Span[]): readonly object[] {
  const groups = new Map<string, Span[]>()
  for (const span of spans) {
    const name = JSON.stringify([span.service, span.instance])
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [span])
    else group.push(span)
  }
  return [...groups.values()].map((group) => ({
    resource: {
      attributes: attributesOf({
        'service.name': group[0]?.service ?? '',
        'service.instance.id': group[0]?.instance ?? '',
      }),
    },
    scopeSpans: [{ scope: { name: 'hoptrace' }, spans: group.map(spanOf) }],
  }))
}

/** One trace of a search, in short. */
export function summaryV3(spans: readonly Span[]): object {
  const [entry] = spans
  const services = new Map<string, { spanCount: number; errorSpanCount: number }>()
  let first = entry?.startNanos ?? 0n
  let last = entry?.endNanos ?? 0n
  for (const { service, isError, startNanos, endNanos } of spans) {
    const counts = services.get(service) ?? { spanCount: 0, errorSpanCount: 0 }
    services.set(service, counts)
    counts.spanCount++
    if (isError) counts.errorSpanCount++
    if (startNanos < first) first = startNanos
    if (endNanos > last) last = endNanos
  }
  return {
    traceId: entry?.traceId ?? '',
    rootServiceName: entry?.service ?? '',
    rootOperationName: entry?.operation ?? '',
    minStartTimeUnixNano: String(first),
    maxEndTimeUnixNano: String(last),
    spanCount: spans.length,
    errorSpanCount: spans.filter(({ isError }) => isError).length,
    services: [...services].map(([name, counts]) => ({ name, ...counts })),
  }
}

function spanOf(span: Span): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId === null ? {} : { parentSpanId: span.parentSpanId }),
    name: span.operation,
    kind: KINDS[span.kind],
    startTimeUnixNano: String(span.startNanos),
    endTimeUnixNano: String(span.endNanos),
    attributes: attributesOf(span.attributes),
    events: span.events.map(({ nanos, name, attributes }) => ({
      timeUnixNano: String(nanos),
      name,
      attributes: attributesOf(attributes),
    })),
    status: span.isError ? { code: ERROR } : {},
  }
}

function attributesOf(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }))
}

function valueOf(value: AttributeValue): object {
  if (typeof value === 'boolean') return { boolValue: value }
  // OTLP's JSON writes 64-bit numbers as text.
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { stringValue: value }
}
