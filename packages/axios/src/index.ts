import { AsyncResource } from 'node:async_hooks'
import { beginOutbound, type OutboundCall, type Tracer } from '@hoptrace/core'
import type { AxiosAdapter, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import { end, endWithStream } from './call-end.js'
import { methodOf, senderOf, targetOf, usesNodeHttp } from './request.js'
import { viaOf, type RouteConfig } from './via.js'

type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>

/**
 * Makes an axios instance record every outgoing request as a call of the current hop; each retry and each
 * redirect is a separate call. Outside a hop, requests leave untouched. Returns the same instance.
 */
export function traceAxios<T extends AxiosInstance>(instance: T, tracer: Tracer): T {
  const { adapter } = instance.defaults
  if (typeof adapter === 'function' && traced.has(adapter)) return instance
  const tracing: AxiosAdapter = (config) => {
    const send = senderOf(adapter, config)
    const url = targetOf(config)
    // No other sender of axios knows proxies or sockets.
    const route = usesNodeHttp(send, config) ? config : undefined
    const call = url === undefined ? undefined : begin(tracer, config.method, url, route)
    return call === undefined ? send(config) : sendTraced(tracer, send, config, call, route)
  }
  traced.add(tracing)
  instance.defaults.adapter = tracing
  return instance
}

/** Adapters made here: if an instance is traced twice, its calls are recorded once. */
const traced = new WeakSet<AxiosAdapter>()

function begin(
  tracer: Tracer,
  method: unknown,
  url: URL,
  route: RouteConfig | undefined,
): OutboundCall | undefined {
  const via = route === undefined ? undefined : viaOf(route, url)
  return beginOutbound(tracer, { method: methodOf(method), url, ...(via === undefined ? {} : { via }) })
}

async function sendTraced(
  tracer: Tracer,
  send: AxiosAdapter,
  config: InternalAxiosRequestConfig,
  first: OutboundCall,
  route: RouteConfig | undefined,
): Promise<AxiosResponse> {
  let call: OutboundCall | undefined = first
  config.headers.set({ ...call.headers }, true)
  const own = config.beforeRedirect
  const redirected: BeforeRedirect = (options, response, request) => {
    call?.answered(statusOf(response), response?.headers ?? {})
    call = undefined
    own?.(options, response, request)
    const href = String(options['href'])
    if (URL.canParse(href)) call = begin(tracer, options['method'], new URL(href), route)
    Object.assign((options['headers'] ??= {}), call?.headers)
  }
  config.beforeRedirect = AsyncResource.bind(redirected)
  try {
    const response = await send(config)
    endWithStream(call, response)
    return response
  } catch (error) {
    end(call, error)
    throw error
  } finally {
    if (own === undefined) delete config.beforeRedirect
    else config.beforeRedirect = own
  }
}

/**
 * `follow-redirects` passes the response. axios's types lack its status, and releases before 1.6.8 pass
 * nothing.
 */
const statusOf = (response: unknown): number =>
  (response as { statusCode?: number } | undefined)?.statusCode ?? 302
