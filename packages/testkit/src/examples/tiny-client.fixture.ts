import { beginOutbound, parseUrl, type Tracer } from '@hoptrace/core'

/** A request of the tiny client. */
export interface TinyRequest {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
}

export interface TinyResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A client: it resolves when the whole response is there, and rejects when it broke off. */
export type TinySend = (request: TinyRequest) => Promise<TinyResponse>

/** The same client, whose requests are recorded as calls of the current hop. */
export function traceClient(send: TinySend, tracer: Tracer): TinySend {
  return async (request) => {
    const call = parseUrl(request.url) !== undefined ? beginOutbound(tracer, request) : undefined
    if (call === undefined) return send(request)
    const kept = Object.entries(request.headers ?? {}).filter(
      ([name]) => !(name.toLowerCase() in call.headers),
    )
    try {
      const response = await send({ ...request, headers: { ...Object.fromEntries(kept), ...call.headers } })
      call.answered(response.status, response.headers)
      return response
    } catch (error) {
      call.failed(error)
      throw error
    }
  }
}
