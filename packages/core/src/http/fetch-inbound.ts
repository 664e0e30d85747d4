import type { Hop } from '../hop/hop.js'
import { formatAddress, ipv4OfHost } from '../id/index.js'
import { TRACEPARENT, noContext } from '../propagation/index.js'
import type { Peer } from '../settings/options.js'
import type { Tracer } from '../tracer/tracer.js'
import type { InboundHop } from './inbound.js'
import { contextOf, headersOf, openHop } from './open-hop.js'

/** What the server knows about the connection of a request. */
export interface FetchConnection {
  /** Where the server listens. @default not known: the run has the tracer's own `address`, or a virtual one */
  readonly bound?: { readonly address: string; readonly port: number } | undefined
  /** The peer; asked only where `trust` is a function. */
  readonly peer?: () => Peer
  /** Aborts when the caller has gone away, and for no other reason. */
  readonly left?: AbortSignal | undefined
}

/**
 * What `Bun.serve` and `Deno.serve` give to a handler besides the request, as a connection. Undefined for anything else.
 * Deno does not say where it listens, nor that a caller has gone away: the signal of its requests aborts after each answer.
 */
export function connectionOf(request: Request, given: unknown): FetchConnection | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  if ('remoteAddr' in given) {
    const { hostname, port } = given.remoteAddr as { readonly hostname?: string; readonly port?: number }
    return { peer: () => ({ address: hostname, port }) }
  }
  const { requestIP, address: bound } = given as Partial<BunServer>
  if (typeof requestIP !== 'function') return undefined
  const ip = (): Peer => requestIP.call(given, request) ?? { address: undefined, port: undefined }
  return { bound: typeof bound?.port === 'number' ? bound : undefined, peer: ip, left: request.signal }
}

/** What is used of a server of Bun. */
interface BunServer {
  readonly address: { readonly address: string; readonly port: number }
  requestIP(request: Request): Peer | null
}

/** What an adapter does with one request of a server that takes a `Request` and answers a `Response`. */
export interface FetchHop extends InboundHop {
  /**
   * Takes the response of the application, and gives the one to answer: the same object, unless its body is a stream or its headers
   * cannot be changed. The hop closes before the last byte leaves: now, or at the end of a stream. `undefined`: the request
   * was upgraded. Never rejects.
   */
  respond<R extends Response | undefined>(response: R): Promise<R>
}

/**
 * Begins the hop of an inbound request of a server that is not Node's. `undefined`: the tracer is closed or could not begin; the
 * adapter continues as if it were not there. Never throws.
 */
export function beginFetch(
  tracer: Tracer,
  request: Request,
  { bound, peer = () => ({ address: undefined, port: undefined }), left }: FetchConnection,
): FetchHop | undefined {
  if (!tracer.active || begun.has(request)) return undefined
  let hop: Hop | undefined
  try {
    const run = tracer.runs.forBound(bound)
    const { headers } = request
    const context = headers.has(TRACEPARENT) ? contextOf(tracer, run, headers, peer) : noContext
    const local = bound === undefined ? undefined : formatAddress(ipv4OfHost(bound.address), bound.port)
    hop = openHop(tracer, run, context, request.method, local)
    const inbound = new FetchRequest(tracer, hop, headersOf(tracer, run, context, hop), left)
    begun.add(request)
    if (context.asked !== undefined) run.met(hop, context.asked, headers.get('host') ?? undefined)
    return inbound
  } catch {
    hop?.withdraw()
    tracer.currentRun.failed()
    return undefined
  }
}

/** An adapter may be installed twice. */
const begun = new WeakSet<Request>()

/** How many parts of a body are read ahead, to tell one that is there as a whole from a stream. */
const maxPartsAhead = 16

class FetchRequest implements FetchHop {
  readonly hop: Hop
  private readonly tracer: Tracer
  private readonly headers: Readonly<Record<string, string>>
  private readonly left: AbortSignal | undefined
  private status: number | null = null
  private atEnd: (() => void) | undefined

  constructor(
    tracer: Tracer,
    hop: Hop,
    headers: Readonly<Record<string, string>>,
    left: AbortSignal | undefined,
  ) {
    this.tracer = tracer
    this.hop = hop
    this.headers = headers
    this.left = left
    left?.addEventListener('abort', this.onLeft, { once: true })
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
    this.status ??= status ?? null
    this.close(this.isAbandoned)
  }

  beforeEnd(fn: () => void): void {
    this.atEnd = fn
  }

  async respond<R extends Response | undefined>(response: R): Promise<R> {
    let given = response
    try {
      if (given === undefined) {
        this.status = 101
        this.close(false)
        return given
      }
      this.status = given.status
      const named = withHeaders(given, this.headers)
      given = named as R
      if (this.isAbandoned || named.bodyUsed || (await this.run(() => isWhole(named))))
        this.close(this.isAbandoned)
      else given = new Response(this.observed(named.body as ReadableStream, lengthOf(named)), named) as R
    } catch {
      this.tracer.currentRun.failed()
      this.close(false)
    }
    return given
  }

  private readonly onLeft = (): void => {
    // What the handler still does belongs to the hop. Where the answer has begun, none can follow.
    if (this.status === null) this.hop.abandon(() => this.close(true))
    else this.close(true)
  }

  private get isAbandoned(): boolean {
    return this.hop.abandoned !== undefined
  }

  /** The parts of a stream as the server asks for them; its source works within the hop. */
  private observed(body: ReadableStream<unknown>, length: number): ReadableStream {
    const reader = body.getReader()
    let sent = 0
    const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
      try {
        const { done, value } = await this.run(() => reader.read())
        if (done) {
          this.close(false)
          return controller.close()
        }
        // The last byte of a body of known length may leave before its end is read.
        sent += (value as { readonly byteLength?: number }).byteLength ?? 0
        if (sent >= length) this.close(false)
        controller.enqueue(value)
      } catch (error) {
        this.fail(error)
        this.close(true)
        controller.error(error)
      }
    }
    const cancel = (reason: unknown): Promise<void> => {
      this.close(true)
      return this.run(() => reader.cancel(reason))
    }
    return new ReadableStream({ pull, cancel }, { highWaterMark: 0 })
  }

  private close(aborted: boolean): void {
    if (this.hop.closed) return
    this.left?.removeEventListener('abort', this.onLeft)
    try {
      this.atEnd?.()
    } catch {
      this.tracer.currentRun.failed()
    }
    this.hop.close({ status: this.status, route: this.hop.route, aborted })
  }
}

/** The headers of a redirect, or of a response that was fetched, cannot be changed. */
function withHeaders(response: Response, ours: Readonly<Record<string, string>>): Response {
  try {
    for (const [name, value] of Object.entries(ours)) response.headers.set(name, value)
    return response
  } catch {
    if (response.status < 200) return response
    const headers = new Headers(response.headers)
    for (const [name, value] of Object.entries(ours)) headers.set(name, value)
    const { status, statusText } = response
    return new Response(response.body, { status, statusText, headers })
  }
}

/**
 * Is the body there as a whole, as that of a text is, or a stream? A copy is read for one turn of the event loop. The response itself is
 * not asked for its body: Bun would send a text without its type, and Deno without its length.
 */
async function isWhole(response: Response): Promise<boolean> {
  const reader = response.clone().body?.getReader()
  if (reader === undefined) return true
  const read = async (): Promise<boolean> => {
    for (let parts = 0; parts < maxPartsAhead; parts++) if ((await reader.read()).done) return true
    return false
  }
  const turn = new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))
  const whole = await Promise.race([read().catch(() => false), turn])
  // It waits until the response itself is read.
  if (!whole) void reader.cancel().catch(() => undefined)
  return whole
}

function lengthOf({ headers }: Response): number {
  const length = headers.get('content-length')
  return length === null ? Number.POSITIVE_INFINITY : Number(length)
}
