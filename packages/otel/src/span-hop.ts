import { context, SpanStatusCode, type Context } from '@opentelemetry/api'
import { getRPCMetadata, type RPCMetadata } from '@opentelemetry/core'
import type { Hop, Job } from '@hoptrace/core'
import type { ReadableSpan, Span } from '@opentelemetry/sdk-trace-base'
import type { Arrival } from './arrivals.js'
import { errorOf, recorded, textOf } from './attributes.js'

/** The hop that a span is. */
export class SpanHop {
  readonly hop: Hop
  private error: Error | undefined
  private errorBelow: Error | undefined
  /** Where the instrumentations of frameworks write the route. */
  private metadata: RPCMetadata | undefined
  private readonly given = new Map<string, unknown>()

  /** @param keys names of attributes that are business keys, with the names of the keys */
  constructor(
    private readonly span: Span,
    private readonly from: Arrival | Job,
    private readonly keys: Readonly<Record<string, string>>,
  ) {
    this.hop = 'inbound' in from ? from.inbound.hop : from.hop
    this.take(span)
    if (!('inbound' in from)) return
    from.inbound.beforeEnd(() => this.settle())
    from.inbound.route(() => this.route())
  }

  /** An exception was recorded on a span of the hop. */
  failed(span: object, attributes: ReadableSpan['attributes']): void {
    if (span === this.span) this.error = errorOf(attributes)
    else this.errorBelow = errorOf(attributes)
  }

  /** Gives the hop the keys in the attributes of one of its spans, and of its own span all attributes. */
  take(span: ReadableSpan): void {
    const { attributes } = span
    for (const [attribute, key] of Object.entries(this.keys)) {
      const value = attributes[attribute]
      if (this.isNew(`key ${attribute}`, value) && (typeof value === 'string' || typeof value === 'number'))
        this.hop.setKey(key, value)
    }
    if (span !== this.span) return
    const fresh = Object.entries(recorded(attributes)).filter(([name, value]) => this.isNew(name, value))
    if (fresh.length > 0) this.hop.setAttributes(Object.fromEntries(fresh))
  }

  /** A span of the hop has started in this context. */
  seenIn(active: Context): void {
    if (this.metadata !== undefined) return
    const metadata = getRPCMetadata(active)
    if (metadata?.span === this.span) this.metadata = metadata
  }

  /**
   * The span has ended. The hop of a `node:http` request ends by itself: with its answer, which was before, or, if its caller
   * went away, when its handler answers.
   */
  end(): void {
    this.settle()
    if (!('inbound' in this.from)) this.from.end()
  }

  private settle(): void {
    this.take(this.span)
    const { status } = this.span
    // An application that says OK has handled what it recorded.
    if (status.code === SpanStatusCode.OK) return
    const answered = 'inbound' in this.from ? this.from.response.statusCode : 0
    const isError = status.code === SpanStatusCode.ERROR || answered >= 400
    const error = this.error ?? (isError ? this.errorBelow : undefined)
    // Core leaves out what a bad request has caused an error to say.
    if (error !== undefined)
      this.hop.fail(answered < 400 ? error : Object.assign(error, { status: answered }))
    else if (status.code === SpanStatusCode.ERROR && answered < 500)
      this.hop.fail(new Error(status.message ?? ''))
  }

  private route(): string | undefined {
    this.seenIn(context.active())
    const route = this.metadata?.route
    return typeof route === 'string' ? route : textOf(this.span.attributes, 'http.route')
  }

  private isNew(name: string, value: unknown): boolean {
    if (value === undefined || this.given.get(name) === value) return false
    this.given.set(name, value)
    return true
  }
}
