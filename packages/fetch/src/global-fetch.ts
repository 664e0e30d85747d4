import type { UnderlyingSource } from 'node:stream/web'
import {
  beginOutbound,
  hostPort,
  notRecorded,
  ownProxy,
  parseUrl,
  type OutboundCall,
  type Tracer,
} from '@hoptrace/core'

export type Fetch = (input: string | URL | Request, init?: RequestInit & BunInit) => Promise<Response>

/** What only Bun's `fetch` takes. */
interface BunInit {
  readonly proxy?: string | { readonly url: string }
  readonly unix?: string
}

/** Is `fetch` of this runtime its own? Then it tells nothing by undici's channels. */
export const hasOwnFetch = 'bun' in process.versions || 'deno' in process.versions

/** This much of a body is read ahead, so that a call ends though the application does not read the body. */
const readAheadBytes = 65_536

/**
 * Wraps the `fetch` of a runtime that is not Node, so that each request is a call of the current hop.
 * @param current the tracer whose hop is the current one
 */
export function traced(original: () => Fetch, current: () => Tracer | undefined): Fetch {
  return async function (this: unknown, input, init) {
    const tracer = current()
    const sent = tracer && begin(tracer, input, init)
    if (sent === undefined) return original().call(this, input, init)
    const { call, headers } = sent
    let response: Response
    try {
      response = await original().call(this, input, { ...init, headers })
    } catch (error) {
      call.failed(failureOf(error))
      throw error
    }
    return observed(response, call)
  }
}

/** Begins the call. Undefined for a request that is not to be recorded, and for one that `fetch` is going to refuse. */
function begin(
  tracer: Tracer,
  input: string | URL | Request,
  init: (RequestInit & BunInit) | undefined,
): { readonly call: OutboundCall; readonly headers: Headers } | undefined {
  try {
    const request = input instanceof Request ? input : undefined
    const text = input instanceof Request ? input.url : typeof input === 'string' ? input : input.href
    const url = parseUrl(text)
    if (url === undefined) return undefined
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
    const headers = new Headers(init?.headers ?? request?.headers)
    const method = (init?.method ?? request?.method ?? 'GET').toUpperCase()
    const via = viaOf(url, init)
    const call = beginOutbound(tracer, {
      url: url.origin,
      method,
      traceparent: headers.get('traceparent') ?? undefined,
      ...(via === undefined ? {} : { via }),
    })
    if (call === undefined) return undefined
    for (const [name, value] of Object.entries(call.headers)) headers.set(name, value)
    return { call, headers }
  } catch {
    notRecorded(tracer)
    return undefined
  }
}

/** What is dialled in place of the target. */
function viaOf(target: URL, init: BunInit | undefined): string | undefined {
  if (init?.unix !== undefined) return `unix:${init.unix}`
  const proxy = typeof init?.proxy === 'object' ? init.proxy.url : init?.proxy
  if (proxy === undefined || proxy === '') return ownProxy(target)
  const { protocol, hostname, port } = new URL(proxy)
  return hostPort(protocol, hostname, port)
}

/** The response with a body that ends the call. */
function observed(response: Response, call: OutboundCall): Response {
  const answered = (): void =>
    call.answered(response.status, { get: (name: string) => response.headers.get(name) ?? undefined })
  const { body } = response
  if (body === null) {
    answered()
    return response
  }
  const isOfBytes = isByteStream(body)
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  const watched = new ReadableStream<Uint8Array>(
    {
      ...(isOfBytes ? { type: 'bytes' as const } : {}),
      async pull(controller: ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController) {
        try {
          const { done, value } = await reader.read()
          if (!done) {
            controller.enqueue(value)
            return
          }
          answered()
          controller.close()
          // A reader with a buffer of its own waits for it.
          if ('byobRequest' in controller) controller.byobRequest?.respond(0)
        } catch (error) {
          call.failed(failureOf(error))
          controller.error(error)
        }
      },
      cancel(reason: unknown) {
        call.failed('ERR_CANCELED')
        return reader.cancel(reason)
      },
    } as unknown as UnderlyingSource<Uint8Array>,
    // A stream of bytes counts them by itself.
    isOfBytes
      ? { highWaterMark: readAheadBytes }
      : new ByteLengthQueuingStrategy({ highWaterMark: readAheadBytes }),
  )
  const { url, redirected, type } = response
  const result = new Response(watched, response)
  for (const [name, value] of Object.entries({ url, redirected, type }))
    Object.defineProperty(result, name, { value, configurable: true })
  return result
}

function isByteStream(stream: ReadableStream): boolean {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock()
    return true
  } catch {
    return false
  }
}

/** The error, or a code for it. */
function failureOf(error: unknown): unknown {
  const { code, name } = (error ?? {}) as Readonly<Record<string, unknown>>
  // `TypeError` is all that `fetch` throws by itself; everything else is the reason for which the application gave the request up.
  const isItsOwn = typeof code === 'string' || name === 'TimeoutError' || name === 'TypeError'
  return isItsOwn ? error : 'ERR_CANCELED'
}
