import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { processDiagnostics } from '../base/diagnostics.js'
import type { Hop } from '../hop/hop.js'
import type { HopId } from '../id/types.js'
import { isInternal, serverOf } from '../listen/listeners.js'
import { carriesContext, noContext } from '../propagation/index.js'
import type { Tracer } from '../tracer/tracer.js'
import { localAddress } from './local-address.js'
import { contextOf, headersOf, openHop } from './open-hop.js'
import {
  isObservable,
  observe,
  observerKey,
  thisCopy,
  type ObservedRequest,
  type ResponseObserver,
} from './response-hooks.js'
import { isUpgrade, observeSocket } from './upgrade.js'
import { whileWaiting } from './waiting.js'

/** What an adapter does with one request: run the framework in it, and say what only the framework knows. */
export interface InboundHop {
  readonly hop: Hop
  /** Runs `fn` with `tracer.hop` set, also in everything asynchronous that it starts. */
  run<T>(fn: () => T): T
  /**
   * The route's template, or how to find it: asked whenever something is recorded, and when the hop closes.
   * Never a raw path.
   */
  route(template: string | (() => string | undefined)): void
  /** The framework saw an error; it is recorded and not touched. */
  fail(error: unknown): void
  /**
   * The handler is through: a hop whose caller went away closes now, with the status that it would have
   * answered.
   */
  handled(status?: number): void
  /**
   * Calls `fn` right before the hop closes: what it gives to the hop is in the log before the last byte of the response
   * leaves. Only the last `fn` is called.
   */
  beforeEnd(fn: () => void): void
}

/** The hop that was begun for a request, if any. */
export function inboundOf(req: IncomingMessage): InboundHop | undefined {
  const observer = (req as ObservedRequest)[observerKey]
  return observer instanceof InboundRequest ? observer : undefined
}

/**
 * Begins the hop of an inbound request of a `node:http` server. Its record is in the log before the last byte
 * of the response leaves. `undefined`: the tracer is closed or could not begin, or nothing would tell how the
 * request is answered; the adapter continues as if it were not there. Never throws.
 */
export function beginInbound(
  tracer: Tracer,
  req: IncomingMessage,
  res: ServerResponse,
): InboundHop | undefined {
  if (!tracer.active) return undefined
  const { [observerKey]: known } = req as ObservedRequest
  // The middleware is installed twice, or a hook of the server has begun the hop.
  if (known !== undefined) return known instanceof InboundRequest ? known.handOver(tracer) : recordedTwice()
  return begin(tracer, req, res)
}

/**
 * As `beginInbound`, for a hook that knows no framework: the first adapter that asks for the request's hop gets this one, and
 * says what only the framework knows.
 * @param newId from `tracer.issueId()`: the hop's id if the request begins a trace
 */
export function beginUnframed(
  tracer: Tracer,
  req: IncomingMessage,
  res: ServerResponse,
  newId?: HopId,
): InboundHop | undefined {
  if (!tracer.active || (req as ObservedRequest)[observerKey] !== undefined) return undefined
  const server = serverOf(req.socket)
  if (server !== undefined && isInternal(server)) return undefined
  const inbound = begin(tracer, req, res, newId)
  if (inbound !== undefined) inbound.unframed = true
  return inbound
}

let toldOfTwo = false

/** A hook of the server has begun the hop for another tracer, or in another copy of this package, as a bundler makes one. */
function recordedTwice(): undefined {
  if (toldOfTwo) return
  toldOfTwo = true
  processDiagnostics(
    'HOPTRACE_TWO_TRACERS',
    'requests are recorded by the tracer that was there before their server began to listen, and a second tracer of this process records none of them: create the tracer earlier, leave @hoptrace/* out of the bundle (external), or start without --import @hoptrace/node/register',
  )
}

function begin(
  tracer: Tracer,
  req: IncomingMessage,
  res: ServerResponse,
  newId?: HopId,
): InboundRequest | undefined {
  let hop: Hop | undefined
  try {
    if (!isObservable(req, res)) return undefined
    const run = tracer.runs.forRequest(req.socket)
    const context = carriesContext(req)
      ? contextOf(tracer, run, req.headers, () => ({
          address: req.socket.remoteAddress,
          port: req.socket.remotePort,
        }))
      : noContext
    const local = context.hopId === undefined ? undefined : localAddress(req.socket)
    hop = openHop(tracer, run, context, req.method, local, newId)
    const ours = headersOf(tracer, run, context, hop)
    const inbound = new InboundRequest(tracer, hop, res, ours)
    observe(req, res, inbound)
    if (isUpgrade(req)) inbound.observeUpgrade(req.socket)
    else if (res.socket === null) inbound.waits(req.socket)
    if (context.asked !== undefined) run.met(hop, context.asked, req.headers.host)
    return inbound
  } catch {
    hop?.withdraw()
    tracer.currentRun.failed()
    return undefined
  }
}

class InboundRequest implements InboundHop, ResponseObserver {
  readonly hop: Hop
  private readonly tracer: Tracer
  private readonly res: ServerResponse
  readonly headers: Readonly<Record<string, string>>
  readonly copy = thisCopy
  /** No adapter has asked for it yet. */
  unframed = false
  private through = false
  private headed = false
  private length: number | undefined
  private written = 0
  private endWait: (() => void) | undefined
  private atEnd: (() => void) | undefined

  constructor(tracer: Tracer, hop: Hop, res: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.tracer = tracer
    this.hop = hop
    this.res = res
    this.headers = headers
  }

  /** To the adapter of the framework, once. */
  handOver(tracer: Tracer): this | undefined {
    if (!this.unframed) return undefined
    if (tracer !== this.tracer) return recordedTwice()
    this.unframed = false
    return this
  }

  isElsewhere(): boolean {
    return this.tracer.hop !== this.hop
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

  failed(): void {
    this.tracer.currentRun.failed()
  }

  handled(status?: number): void {
    this.through = true
    if (this.hop.abandoned !== undefined) this.close(true, status)
  }

  beforeEnd(fn: () => void): void {
    this.atEnd = fn
  }

  /** The application answers an upgrade on the socket, or by the response where it refuses. */
  observeUpgrade(socket: Socket): void {
    const answering = (status: number | undefined): void => {
      if (!this.headed && !this.hop.closed) this.closeWith(status ?? null, false)
    }
    observeSocket(socket, answering, () => this.disconnected())
  }

  /** An earlier response has the socket. */
  waits(socket: Socket): void {
    this.endWait = whileWaiting(socket, () => {
      if (this.res.socket === null) this.disconnected()
    })
  }

  heading(): void {
    this.headed = true
  }

  /** The last byte of a response of known length may leave before its end is called. */
  writing(chunk: unknown, encoding: unknown): void {
    if (this.hop.closed) return
    this.length ??= lengthOf(this.res)
    this.written +=
      typeof chunk === 'string'
        ? Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
        : (chunk as Uint8Array).byteLength
    if (this.written >= this.length) this.close(false)
  }

  ending(): void {
    this.close(false)
  }

  /**
   * The connection is gone. Where the caller ended it, what the handler still does belongs to the hop until
   * the handler answers or is through. Where the answer had begun, or this process ended the connection, no
   * answer can follow, and a stream that is piped into the response would never end it: the hop closes now.
   */
  disconnected(): void {
    if (this.hop.closed) return
    const { errored, writableFinished } = this.res
    if (errored !== null && errored !== undefined) this.hop.fail(errored)
    if (writableFinished) this.close(false)
    else if (this.through || this.headed || !this.isLeftByCaller()) this.close(true)
    else this.hop.abandon(() => this.close(true))
  }

  /** A handler may answer a broken request in an event that comes before that of the response. */
  private isUnreachable(): boolean {
    const { res } = this
    return res instanceof ServerResponse && res.socket?.destroyed === true
  }

  private isLeftByCaller(): boolean {
    const { res } = this
    if (!(res instanceof ServerResponse)) return true
    if (res.errored !== null && res.errored !== undefined) return false
    const { readableEnded, errored } = res.req.socket as Socket & { errored: NodeJS.ErrnoException | null }
    // Bun says no end of a socket that ended in the middle of a request.
    return readableEnded || errored?.syscall !== undefined || errored?.code === 'HPE_INVALID_EOF_STATE'
  }

  private close(unanswered: boolean, wouldBe?: number): void {
    if (this.hop.closed) return
    const aborted = unanswered || this.hop.abandoned !== undefined || this.isUnreachable()
    const status = unanswered && !this.headed ? wouldBe : (this.res.statusCode as number | undefined)
    this.endWait?.()
    this.closeWith(status ?? null, aborted)
  }

  private closeWith(status: number | null, aborted: boolean): void {
    try {
      this.atEnd?.()
    } catch {
      this.failed()
    }
    this.hop.close({ status, route: this.hop.route, aborted })
  }
}

/**
 * The length that a response says to have. Node keeps the one of a head that was written in one go to itself.
 */
function lengthOf(res: ServerResponse): number {
  const { _contentLength: headed } = res as { readonly _contentLength?: unknown }
  const length = headed ?? res.getHeader('content-length')
  return length === undefined || length === null ? Number.POSITIVE_INFINITY : Number(length)
}
