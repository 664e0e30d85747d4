/**
 * What is used of axios, whichever version of it the application has: nothing of axios is imported here, neither at run time
 * nor as types, so that the application's own is the only one.
 */

/** An axios instance. */
export interface AxiosLike {
  readonly defaults: object
  readonly interceptors: { readonly request: object; readonly response: object }
}

/** The same with what the types of older releases leave out. */
export interface Instance extends AxiosLike {
  create: (this: void, config?: object) => Instance
  readonly defaults: { transitional?: object }
  readonly interceptors: {
    readonly request: Interceptors<Interceptor>
    readonly response: Interceptors<ResponseInterceptor>
  }
  /** Since 1.6.8: `request` without the stack that it adds to errors. */
  _request?(config: Config): Promise<Response>
  request(config: Config): Promise<Response>
}

export interface Interceptor {
  readonly fulfilled: (config: Config) => Config
  readonly rejected: undefined
  readonly synchronous: true
  readonly runWhen: (config: Config) => boolean
}

export interface ResponseInterceptor {
  readonly fulfilled: (response: Response) => Response
  readonly rejected: (error: unknown) => never
}

/** Where an instance keeps its interceptors; a request visits all of them, first those of requests. */
export interface Interceptors<I> {
  forEach: (this: Interceptors<I>, visit: (interceptor: I) => void) => void
}

/** A function of `transformRequest` or `transformResponse`. What it returns is the data from then on. */
export type Transform = (
  this: Config,
  data: unknown,
  headers: Record<string, unknown>,
  status: number,
) => unknown

export type Adapter = (config: Config) => Promise<Response>

/** Names of axios's own ways to send, or functions of the application. */
export type AdapterChoice = string | Adapter | readonly (string | Adapter)[] | undefined

export type BeforeRedirect = (
  options: Record<string, unknown>,
  response?: { readonly headers?: Record<string, unknown>; readonly statusCode?: number },
  request?: unknown,
) => void

/** Names in any case; a value of `false` keeps a header from being sent. */
export interface Headers {
  get(name: string): unknown
  set(name: string, value: unknown, rewrite: boolean): unknown
  delete(name: string): unknown
}

/** A forward proxy. */
export interface Proxy {
  readonly protocol?: string
  readonly host?: string
  readonly hostname?: string
  readonly port?: string | number
}

/** A request's configuration when it is sent. */
export interface Config {
  url?: string
  baseURL?: string
  allowAbsoluteUrls?: boolean
  method?: string
  headers: Headers
  adapter?: AdapterChoice
  transitional?: object
  transformRequest?: unknown
  transformResponse?: unknown
  maxContentLength?: number
  beforeRedirect?: BeforeRedirect
  signal?: { readonly aborted?: boolean }
  cancelToken?: { readonly reason?: unknown }
  proxy?: false | Proxy | null
  socketPath?: unknown
  httpAgent?: unknown
  httpsAgent?: unknown
}

export interface Response {
  readonly status: number
  readonly headers: Record<string, unknown>
  data: unknown
  config: Config
}
