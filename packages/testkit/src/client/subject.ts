import type { Tracer } from '@hoptrace/core'

/** What a client can do; the kit reads it and asks for no more. */
export interface ClientSupports {
  /** It follows redirects by itself, one request behind the other, and `maxRedirects: 0` stops it. */
  readonly redirects: boolean
  /** It hands out a response body before it has come to its end. */
  readonly streaming: boolean
  /** `timeoutMillis` */
  readonly timeout: boolean
  /** `proxy` and `socketPath`. @default false */
  readonly routes?: boolean
}

/** A request in the kit's words. */
export interface ClientRequest {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  readonly timeoutMillis?: number
  readonly signal?: AbortSignal
  readonly maxRedirects?: number
  /** The forward proxy that is asked to pass it on. */
  readonly proxy?: { readonly host: string; readonly port: number }
  /** The Unix socket that is dialled in place of the URL's host. */
  readonly socketPath?: string
  /** Resolve when the head has come. */
  readonly stream?: boolean
}

/** What the client gave to its caller. */
export interface ClientResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The body's text, read to its end; rejects when it breaks off. */
  text(): Promise<string>
}

/**
 * One client. It resolves for every status, or rejects for some, as it does by itself; what it rejects with comes through
 * untouched.
 */
export interface KitClient {
  request(request: ClientRequest): Promise<ClientResponse>
}

/** A client with its adapter, in about a dozen lines. */
export interface ClientSubject {
  /** `axios 1` */
  readonly name: string
  readonly supports: ClientSupports
  /** `tracer` undefined: the bare client, to compare with. */
  create(tracer: Tracer | undefined): KitClient
}
