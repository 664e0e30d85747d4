import {
  fold64,
  type Attributes,
  type AttributeValue,
  type CallJson,
  type ResolveResult,
  type WalkedHopJson,
} from '@hoptrace/core'
import { endedBadly, verdictSentence } from './sentence.js'
import { nanosOf, traceModel, type TraceRow } from './trace-model.js'

/** A hop, or a call that led to no hop, as a span: what the JSON of Jaeger and the export to OTLP are made from. */
export interface Span {
  readonly traceId: string
  /** 16 hex digits: what `traceparent` carries for the hop. */
  readonly spanId: string
  readonly parentSpanId: string | null
  readonly service: string
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

/** The name of what a hop did, as Jaeger shows and asks for it: `POST /orders`. */
export function operationOf({ method, route }: Pick<WalkedHopJson, 'method' | 'route'>): string {
  const name = [method, route].filter((part) => part !== null).join(' ')
  return name === '' ? 'unknown' : name
}

/**
 * The spans of a trace, each before what it called, on the entry's clock. The entry carries the verdict; where the request ended is an
 * error with a log that says why.
 */
export function spansOf(result: ResolveResult): readonly Span[] {
  const { rows, startTime } = traceModel(result)
  const origin = startTime === null ? 0n : nanosOf(startTime)
  const at = (micros: number): bigint => origin + BigInt(Math.round(micros * 1000))
  return rows.map((row, index): Span => {
    const { hop, call } = row
    const caller = rows[row.parent]
    const startNanos = at(row.startMicros)
    return {
      traceId: result.traceId,
      spanId: fold64((hop?.hopId ?? call?.hopId) as WalkedHopJson['hopId']),
      parentSpanId: caller?.hop === undefined ? null : fold64(caller.hop.hopId),
      service: hop?.service ?? caller?.hop?.service ?? 'unknown',
      instance: hop?.instance ?? caller?.hop?.instance ?? '',
      operation:
        hop === undefined
          ? `${call?.method ?? 'call'} ${call?.service ?? call?.target ?? ''}`
          : operationOf(hop),
      kind: hop === undefined ? 'client' : hop.method === null ? 'internal' : 'server',
      startNanos,
      endNanos: at(row.endMicros),
      attributes: {
        ...(hop === undefined ? callAttributes(call) : hopAttributes(hop)),
        ...(index === 0 ? verdictAttributes(result) : {}),
        ...(row.isEnd ? { 'hoptrace.ended_here': true } : {}),
      },
      events: [...eventsOf(row, at), ...(row.isEnd ? [endOf(result, at(row.endMicros))] : [])],
      isError: row.isError || row.isEnd,
    }
  })
}

function hopAttributes(hop: WalkedHopJson): Attributes {
  return present({
    ...hop.attributes,
    ...hop.keys,
    'http.request.method': hop.method,
    'http.route': hop.method === null ? null : hop.route,
    'http.response.status_code': hop.status,
    'error.type': hop.error?.code ?? hop.error?.name ?? null,
    'hoptrace.hop_id': hop.hopId,
    'hoptrace.state': hop.state,
    'hoptrace.source': hop.source,
  })
}

function callAttributes(call: CallJson | undefined): Attributes {
  return present({
    'http.request.method': call?.method ?? null,
    'server.address': call?.target ?? null,
    'peer.service': call?.service ?? null,
    'hoptrace.outcome': call?.outcome ?? 'no answer',
    'hoptrace.found': call?.found ?? null,
  })
}

function verdictAttributes({ verdict, endedAt, lastHealthy, evidence }: ResolveResult): Attributes {
  const isBad = endedBadly(verdict)
  return present({
    'hoptrace.verdict': verdict,
    'hoptrace.ended_at': isBad ? (endedAt?.service ?? null) : null,
    'hoptrace.last_healthy': isBad ? (lastHealthy?.service ?? null) : null,
    'hoptrace.evidence': evidence.length === 0 ? null : evidence.join('\n'),
  })
}

function eventsOf({ hop, shiftMicros }: TraceRow, at: (micros: number) => bigint): Span['events'] {
  if (hop === undefined) return []
  const shift = at(shiftMicros) - at(0)
  return hop.events.map(({ name, time, attributes }) => ({ nanos: nanosOf(time) + shift, name, attributes }))
}

function endOf(result: ResolveResult, nanos: bigint): Span['events'][number] {
  const message = [verdictSentence(result), ...result.evidence].join('\n')
  return {
    nanos,
    name: 'exception',
    attributes: { 'exception.type': result.verdict, 'exception.message': message },
  }
}

function present(values: Readonly<Record<string, AttributeValue | null>>): Attributes {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, AttributeValue] => entry[1] !== null),
  )
}
