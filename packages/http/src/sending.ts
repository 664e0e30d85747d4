import type { ClientRequest, IncomingMessage } from 'node:http'
import { beginOutbound, type Hop, type OutboundCall, type Tracer } from '@hoptrace/core'
import { headerOf, targetOf, type DialOptions } from './target.js'

/** One request on its way: it leaves once, so it is one call. */
export class Sending {
  private call: OutboundCall | undefined
  private begun = false
  private timedOut = false
  private options: DialOptions | undefined

  constructor(
    readonly tracer: Tracer,
    private readonly hop: Hop,
    private readonly request: ClientRequest,
  ) {}

  /** An agent is asked for a connection. */
  dials(options: unknown): void {
    if (typeof options === 'object' && options !== null) this.options = options
  }

  /** The head is being written: gives the headers that it must have. An agent may have it written again, for its proxy. */
  begin(given: unknown): Readonly<Record<string, string>> | undefined {
    if (this.begun || this.request.destroyed) return this.call?.headers
    this.begun = true
    const { request, tracer, hop } = this
    const target = targetOf(request, this.options, given)
    if (target === undefined) return undefined
    const { method } = request
    const traceparent = headerOf(request, given, 'traceparent')
    this.call = beginOutbound(tracer, { ...target, method, hop, traceparent })
    if (this.call === undefined) return undefined
    // Before a listener of the application that gives it up then.
    request.prependOnceListener('timeout', () => {
      this.timedOut = true
    })
    request.once('close', () => this.closed())
    return this.call.headers
  }

  responded(response: IncomingMessage): void {
    if (this.call === undefined) return
    // Only 'close': a listener for 'error' would hide an error that the application does not handle.
    response.once('close', () => {
      if (isWhole(response)) this.answered(response)
      else this.failed(response.errored ?? undefined)
    })
  }

  givenUp(error: unknown): void {
    const { res } = this.request as Answered
    if (res !== undefined && res !== null && isWhole(res)) this.answered(res)
    else this.failed(error)
  }

  /** Without an error, this process gave it up. */
  failed(error: unknown): void {
    this.call?.failed(error ?? (this.timedOut ? 'ETIMEDOUT' : 'ERR_CANCELED'))
  }

  /** The request is over. A response that has a body outlives it. */
  private closed(): void {
    const { res } = this.request as Answered
    if (res === undefined || res === null) this.failed(undefined)
    else if (res.upgrade === true) this.answered(res)
  }

  private answered({ statusCode, headers }: IncomingMessage): void {
    this.call?.answered(statusCode as number, headers)
  }
}

/** A client that follows a redirect gives its body up. */
const isWhole = ({ complete, statusCode = 0 }: IncomingMessage): boolean =>
  complete || (statusCode >= 300 && statusCode < 400)

interface Answered {
  readonly res?: (IncomingMessage & { readonly upgrade?: boolean | null }) | null
}
