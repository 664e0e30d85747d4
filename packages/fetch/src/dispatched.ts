import {
  beginOutbound,
  hostPort,
  notRecorded,
  parseUrl,
  type OutboundCall,
  type Tracer,
} from '@hoptrace/core'

/** What is used of a request of undici 5 to 8. */
export interface UndiciRequest {
  readonly origin?: string | URL
  readonly method: string
  readonly path: string
  readonly upgrade?: unknown
  /** Names and values one after the other; one text before undici 6. */
  headers: unknown[] | string
  addHeader(name: string, value: string): unknown
}

/** The head of a response. */
export interface UndiciResponse {
  readonly statusCode: number
  /** Names and values one after the other, as bytes or as text. */
  readonly headers: unknown
}

/** One request that undici dispatches. */
export class Dispatched {
  private response: UndiciResponse | undefined

  private constructor(
    private readonly call: OutboundCall,
    private readonly dialled: string | undefined,
  ) {}

  /** Records the request, and puts our headers in the place of the application's. Undefined for one that is not to be recorded. */
  static begin(tracer: Tracer, request: UndiciRequest): Dispatched | undefined {
    try {
      const { method } = request
      // A tunnel, through which a request follows; and what undici has no end for.
      if (method === 'CONNECT' || (request.upgrade ?? null) !== null) return undefined
      const target = targetOf(request)
      if (target === undefined) return undefined
      const traceparent = headerOf(request.headers, 'traceparent')
      const call = beginOutbound(tracer, { ...target, method, traceparent })
      if (call === undefined) return undefined
      request.headers = without(request.headers, call.headers)
      for (const [name, value] of Object.entries(call.headers)) request.addHeader(name, value)
      const { protocol, hostname, port } = new URL(target.url)
      return new Dispatched(call, target.via ?? hostPort(protocol, hostname, port))
    } catch {
      notRecorded(tracer)
      return undefined
    }
  }

  headed(response: UndiciResponse | undefined): void {
    this.response = response
  }

  /** The whole response has arrived. */
  ended(): void {
    const { response } = this
    if (response === undefined) return
    this.call.answered(response.statusCode, { get: (name: string) => headerOf(response.headers, name) })
  }

  failed(error: unknown): void {
    const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown }
    // What undici and Node throw has a code. Everything else is the reason for which the application gave it up.
    if (typeof code !== 'string' && name !== 'TimeoutError') this.call.failed('ERR_CANCELED')
    else if (isOfProxy(error, this.dialled)) this.call.failed('UND_ERR_PROXY')
    else this.call.failed(error)
  }
}

/** The request line of a forward proxy has the whole URL. */
function targetOf({ origin, path }: UndiciRequest): { url: string; via?: string } | undefined {
  const dialled = parseUrl(String(origin))
  if (dialled === undefined) return undefined
  const whole = /^https?:\/\/[^/?#]+/i.exec(path)?.[0]
  if (whole === undefined || parseUrl(whole) === undefined) return { url: dialled.origin }
  const via = hostPort(dialled.protocol, dialled.hostname, dialled.port)
  return via === undefined ? { url: whole } : { url: whole, via }
}

/** Errors of connections, with what was dialled: a proxy that refuses is not the target that refuses. */
const dialledOf = new WeakMap<object, string>()

/** A connection failed. Where it was the one to a proxy, the same error comes again for the target. */
export function connectionFailed(error: unknown, params: unknown): void {
  if (typeof error !== 'object' || error === null || dialledOf.has(error)) return
  const { protocol, hostname, port } = (params ?? {}) as Record<string, string | undefined>
  const dialled = hostPort(protocol, hostname, port)
  if (dialled !== undefined) dialledOf.set(error, dialled)
}

function isOfProxy(error: unknown, expected: string | undefined): boolean {
  const dialled = typeof error === 'object' && error !== null ? dialledOf.get(error) : undefined
  return dialled !== undefined && expected !== undefined && dialled !== expected
}

/** A header's values, as text; undefined where there is none. */
function headerOf(headers: unknown, name: string): string | undefined {
  if (typeof headers === 'string') return new RegExp(`^${name}: *(.*)$`, 'im').exec(headers)?.[1]
  if (!Array.isArray(headers)) return undefined
  const values: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if (String(headers[i]).toLowerCase() === name) values.push(String(headers[i + 1]))
  }
  return values.length === 0 ? undefined : values.join(', ')
}

/** The application's headers without those of the same names as ours. */
function without(headers: unknown[] | string, ours: Readonly<Record<string, string>>): unknown[] | string {
  const isOurs = (name: unknown): boolean => Object.hasOwn(ours, String(name).toLowerCase())
  if (typeof headers !== 'string') return headers.filter((_, i) => !isOurs(headers[i - (i % 2)]))
  return headers.replace(/^([^:\r\n]*):.*\r\n/gm, (line, name: string) => (isOurs(name) ? '' : line))
}
