import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { untilLastTracerCloses, type Call, type Hop } from '@hoptrace/core'
import { createTraceState } from '@opentelemetry/api'
import type { ReadableSpan, Span } from '@opentelemetry/sdk-trace-base'
import { outcomeOf } from './outcome.js'
import { placeOf, type SpanTarget } from './target.js'

/** The call that a CLIENT or PRODUCER span is. */
export interface SpanCall {
  readonly call: Call
  readonly place: string
  readonly isMessage: boolean
  /** An adapter of hoptrace has recorded the request, and sets its headers. */
  readonly byAdapter: boolean
  /** Headers of the response, which say who answered. */
  answer?: Readonly<Record<string, unknown>>
  /** Of `node:http`. */
  response?: IncomingMessage
  /** A span below it describes the same request: the CLIENT span of an SDK has the one of its HTTP request below it. */
  handedOn: boolean
}

/** Open calls that wait for the head of their response. A span that never ends leaves its call here. */
const maxOpen = 10_000

/** The calls that spans have begun. */
export class SpanCalls {
  private readonly open = new Map<string, SpanCall>()
  private readonly known = new WeakSet<Call>()

  constructor() {
    const onHttp = (message: unknown): void => {
      const { request, response } = message as { request: ClientRequest; response: IncomingMessage }
      const found = this.answered(request.getHeader('traceparent'), response.headers)
      if (found !== undefined) found.response = response
    }
    const onUndici = (message: unknown): void => {
      const { request, response } = message as {
        readonly request: { readonly headers: unknown }
        readonly response: { readonly headers: unknown }
      }
      const answer = { get: (name: string) => headerIn(response.headers, name) }
      this.answered(headerIn(request.headers, 'traceparent'), answer)
    }
    subscribe('http.client.response.finish', onHttp)
    subscribe('undici:request:headers', onUndici)
    untilLastTracerCloses(() => {
      unsubscribe('http.client.response.finish', onHttp)
      unsubscribe('undici:request:headers', onUndici)
      this.open.clear()
    })
  }

  /**
   * Begins the call of a span, or finds it if an adapter of hoptrace or the span above has begun it. The span takes the
   * call's parent-id and `tracestate`, so that any W3C propagator sends what hoptrace has recorded.
   */
  begin(span: Span, hop: Hop, target: SpanTarget, above: SpanCall | undefined): SpanCall {
    const found = this.existing(hop, target, above)
    const { call, byAdapter } = found ?? { call: hop.call(target), byAdapter: false }
    this.known.add(call)
    const isMessage = 'message' in target
    const made: SpanCall = { call, place: placeOf(target), isMessage, byAdapter, handedOn: false }
    const [, trace, parent] = (call.headers['traceparent'] as string).split('-') as [string, string, string]
    // What the SDK gives here is the span's own; its `spanContext()` is the only place of the id.
    const context = span.spanContext()
    context.spanId = parent
    // A sealed trace-id is not the one of the span: only the propagator of this package sends it.
    if (trace === context.traceId) context.traceState = createTraceState(call.headers['tracestate'])
    if (this.open.size >= maxOpen) this.open.delete(this.open.keys().next().value as string)
    this.open.set(parent, made)
    return made
  }

  /** The span has ended. What becomes of a message that was sent is in the record of its consumer. */
  end(span: ReadableSpan, { call, isMessage, answer, response }: SpanCall): void {
    this.open.delete(span.spanContext().spanId)
    if (response !== undefined && isBroken(response))
      return call.end(response.errored ?? 'ERR_CANCELED', answer)
    const outcome = outcomeOf(span)
    call.end(isMessage && outcome === 200 ? 'SENT' : outcome, answer)
  }

  private existing(
    hop: Hop,
    target: SpanTarget,
    above: SpanCall | undefined,
  ): Pick<SpanCall, 'call' | 'byAdapter'> | undefined {
    const place = placeOf(target)
    if (above !== undefined && !above.handedOn && above.place === place) {
      above.handedOn = true
      return above
    }
    for (const call of hop.openCalls) {
      if (call.target === place && !this.known.has(call)) return { call, byAdapter: true }
    }
    return undefined
  }

  private answered(traceparent: unknown, answer: Readonly<Record<string, unknown>>): SpanCall | undefined {
    const parent = typeof traceparent === 'string' ? traceparent.split('-')[2] : undefined
    const found = parent === undefined ? undefined : this.open.get(parent)
    if (found !== undefined) found.answer = answer
    return found
  }
}

/** The instrumentation ends its span as usual. A client that follows a redirect gives its body up. */
const isBroken = ({ complete, destroyed, statusCode = 0 }: IncomingMessage): boolean =>
  !complete && destroyed && (statusCode < 300 || statusCode >= 400)

/** A header of undici: names and values one after the other, as bytes or as text, or one text before undici 6. */
function headerIn(headers: unknown, name: string): string | undefined {
  if (typeof headers === 'string') return new RegExp(`^${name}: *(.*)$`, 'im').exec(headers)?.[1]
  if (!Array.isArray(headers)) return undefined
  const at = headers.findIndex((one, i) => i % 2 === 0 && String(one).toLowerCase() === name)
  return at < 0 ? undefined : String(headers[at + 1])
}
