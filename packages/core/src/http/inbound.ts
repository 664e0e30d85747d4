import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Hop } from '../hop/hop.js'
import { truncate } from '../record/limits.js'
import type { Peer, Trust } from '../settings/options.js'
import { carriesContext, noContext, readContext, responseHeaders } from '../propagation/index.js'
import type { Tracer } from '../tracer/tracer.js'
import { localAddress } from './local-address.js'
import {
  observeResponse,
  observerKey,
  type ObservedRequest,
  type ResponseObserver,
} from './response-hooks.js'

/** What an adapter does with one request: run the framework in it, and say what only the framework knows. */
export interface InboundHop {
  readonly hop: Hop
  /** Runs `fn` with `tracer.hop` set, also in everything asynchronous that it starts. */
  run<T>(fn: () => T): T
  /** The route's template, or how to find it: asked whenever something is recorded, and when the hop closes. Never a raw path. */
  route(template: string | (() => string | undefined)): void
  /** The framework saw an error; it is recorded and not touched. */
  fail(error: unknown): void
  /** The handler is through: a hop whose caller went away closes now, with the status that it would have answered. */
  handled(status?: number): void
}

/** The hop that was begun for a request, if any. */
export function inboundOf(req: IncomingMessage): InboundHop | undefined {
  const observer = (req as ObservedRequest)[observerKey]
  return observer instanceof InboundRequest ? observer : undefined
}

/**
 * Begins the hop of an inbound request of a `node:http` server. Its record is in the log before the last byte of the
 * response leaves. `undefined`: the tracer is closed or could not begin; the adapter goes on as if it were not there. Never throws.
 */
export function beginInbound(
  tracer: Tracer,
  req: IncomingMessage,
  res: ServerResponse,
): InboundHop | undefined {
  // An adapter that stands in the chain twice: the request has its hop.
  if (!tracer.active || inboundOf(req) !== undefined) return undefined
  try {
    const run = tracer.runs.forRequest(req.socket)
    const context = carriesContext(req)
      ? readContext(req.headers, {
          trusted: isTrusted(tracer.settings.trust, req),
          nowNanos: run.ids.nowNanos(),
          keys: tracer.keys,
        })
      : noContext
    const method = req.method === undefined ? null : truncate(req.method, 32)
    const assigned = context.hopId
    const taken = assigned === undefined ? undefined : run.take(assigned, localAddress(req.socket))
    const hop = tracer.begin(run, context, method, taken)
    if (context.asked !== undefined) run.met(hop, context.asked, req.headers.host)
    const who = {
      hopId: hop.id,
      traceId: hop.traceId,
      flags: hop.flags,
      service: hop.service,
      address: run.address,
    }
    const ours = responseHeaders(context, who, tracer.keys)
    const inbound = new InboundRequest(tracer, hop, res, ours)
    observeResponse(req, res, inbound)
    return inbound
  } catch {
    tracer.currentRun.failed()
    return undefined
  }
}

function isTrusted(trust: Trust, req: IncomingMessage): boolean {
  if (trust === 'context') return true
  if (trust === 'none') return false
  const peer: Peer = { address: req.socket.remoteAddress, port: req.socket.remotePort }
  return trust(peer)
}

class InboundRequest implements InboundHop, ResponseObserver {
  readonly hop: Hop
  shared = false
  private readonly tracer: Tracer
  private readonly res: ServerResponse
  readonly headers: Readonly<Record<string, string>>
  private through = false
  private length: number | undefined
  private written = 0

  constructor(tracer: Tracer, hop: Hop, res: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.tracer = tracer
    this.hop = hop
    this.res = res
    this.headers = headers
  }

  run<T>(fn: () => T): T {
    return this.tracer.enter(this.hop, fn)
  }

  route(template: string | (() => string | undefined)): void {
    this.hop.routeSource = template
  }

  fail(error: unknown): void {
    this.hop.fail(error)
  }

  handled(status?: number): void {
    this.through = true
    if (this.hop.abandoned !== undefined) this.close(true, status)
  }

  /** The last byte of a response of known length may leave before its end is called. */
  writing(chunk: unknown, encoding: BufferEncoding): void {
    if (this.hop.closed) return
    try {
      this.length ??= Number(this.res.getHeader('content-length') ?? Number.POSITIVE_INFINITY)
      this.written +=
        typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : (chunk as Uint8Array).byteLength
      if (this.written >= this.length) this.close(false)
    } catch {
      this.tracer.currentRun.failed()
    }
  }

  ending(): void {
    this.close(false)
  }

  /**
   * The connection is gone. What the handler still does belongs to the hop until it answers or is through; where the answer
   * had begun, nothing can come any more, and a stream that is piped into the response would never end it.
   */
  disconnected(): void {
    if (this.hop.closed) return
    if (this.through || this.res.headersSent) this.close(true)
    else this.hop.abandoned = { millis: performance.now(), finish: () => this.close(true) }
  }

  private close(unanswered: boolean, wouldBe?: number): void {
    if (this.hop.closed) return
    const aborted = unanswered || this.hop.abandoned !== undefined
    const status = unanswered && !this.res.headersSent ? (wouldBe ?? null) : this.res.statusCode
    this.hop.close({ status, route: this.hop.route, aborted })
  }
}
