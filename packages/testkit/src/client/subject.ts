import type { Tracer } from '@hoptrace/core'

/** The abilities of a client; the kit tests nothing else. */
export interface ClientSupports {
  /** It follows redirects by itself, one request after the other, and `maxRedirects: 0` stops it. */
  readonly redirects: boolean
  /** It passes on a response body before the body has ended. */
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
  /** The forward proxy to send it through. */
  readonly proxy?: { readonly host: string; readonly port: number }
  /** The Unix socket to dial instead of the URL's host. */
  readonly socketPath?: string
  /** Resolve when the head has arrived. */
  readonly stream?: boolean
}

/** What the client returned to its caller. */
export interface ClientResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The body's text, read to its end; rejects if the body breaks off. */
  text(): Promise<string>
}

/**
 * One client. It resolves for every status, or rejects for some, as it does without the kit; errors pass
 * through untouched.
 */
export interface KitClient {
  request(request: ClientRequest): Promise<ClientResponse>
}

/** A client with its adapter, in about a dozen lines. */
export interface ClientSubject {
  /** `axios 1` */
  readonly name: string
  readonly supports: ClientSupports
  /** `tracer` undefined: the bare client, for comparison. */
  create(tracer: Tracer | undefined): KitClient
}
