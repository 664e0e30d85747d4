import { beginOutbound, type Hop, type OutboundCall, type Tracer } from '@hoptrace/core'
import { end, endWithStream } from './call-end.js'
import { methodOf, parsedUrl, targetOf, usesNodeHttp } from './request.js'
import type { BeforeRedirect, Config, Headers, Instance, Response } from './types.js'
import { viaOf, type RouteConfig } from './via.js'

/** Sends a request as the configuration says, and records it. `sender`: an instance without defaults, of the application's own axios. */
export async function sendTraced(tracer: Tracer, sender: Instance, config: Config): Promise<Response> {
  const url = targetOf(config)
  // A redirect comes in the context of a socket, which other hops may have used before.
  const { hop } = tracer
  // Nothing else of what axios sends with knows proxies or sockets.
  const route = usesNodeHttp(config.adapter) ? config : undefined
  let call = url === undefined ? undefined : begin(tracer, hop, config.method, url, route)
  if (call === undefined) return deliver(sender, config)
  const restoreHeaders = setHeaders(config.headers, call.headers)
  const own = config.beforeRedirect
  const redirected: BeforeRedirect = (options, response, request) => {
    call?.answered(response?.statusCode ?? 302, response?.headers ?? {})
    call = undefined
    own?.(options, response, request)
    const target = parsedUrl(String(options['href']))
    if (target !== undefined) call = begin(tracer, hop, options['method'], target, route)
    Object.assign((options['headers'] ??= {}), call?.headers)
  }
  config.beforeRedirect = redirected
  try {
    const response = await deliver(sender, config)
    quietly(call, () => endWithStream(call, response))
    return response
  } catch (error) {
    quietly(call, () => end(call, error))
    throw error
  } finally {
    quietly(call, () => restoreHeaders(config.headers))
    if (own === undefined) delete config.beforeRedirect
    else config.beforeRedirect = own
  }
}

/** An adapter of the application may give anything, or put anything into the configuration: that is for the application to find out. */
function quietly(call: OutboundCall | undefined, work: () => void): void {
  try {
    work()
  } catch (error) {
    call?.failed(error)
  }
}

function begin(
  tracer: Tracer,
  hop: Hop | undefined,
  method: unknown,
  url: URL,
  route: RouteConfig | undefined,
): OutboundCall | undefined {
  const via = route === undefined ? undefined : viaOf(route, url)
  return beginOutbound(tracer, { hop, method: methodOf(method), url, ...(via === undefined ? {} : { via }) })
}

/** Sets ours. Gives what puts back what stood there: the configuration may be sent again, outside of the hop. */
function setHeaders(headers: Headers, ours: OutboundCall['headers']): (headers: Headers) => void {
  const before = Object.keys(ours).map((name) => [name, headers.get(name)] as const)
  for (const [name] of before) headers.set(name, ours[name], true)
  return (sent) => {
    // An adapter may have put its own object in their place, with a copy of ours.
    if (typeof sent.set !== 'function') return removeCopies(sent, ours)
    for (const [name, value] of before) {
      if (value === undefined || value === null) sent.delete(name)
      else sent.set(name, value, true)
    }
  }
}

function removeCopies(copy: Headers, ours: OutboundCall['headers']): void {
  for (const [name, value] of Object.entries(copy))
    if (ours[name.toLowerCase()] === value) Reflect.deleteProperty(copy, name)
}

/**
 * Has the request sent. A function sends it by itself. Only axios knows what a name means: an instance without defaults and
 * interceptors sends the request as it is. The headers that axios added on the way are kept on the given configuration.
 */
async function deliver(sender: Instance, config: Config): Promise<Response> {
  const { adapter } = config
  if (typeof adapter === 'function') return adapter(config)
  const given: Config = { ...config, transformRequest: [], transformResponse: [] }
  const keep = (sent: { config?: Config } | undefined): void => {
    if (sent?.config === undefined || sent.config === config) return
    config.headers = sent.config.headers
    sent.config = config
  }
  try {
    const response = await (sender._request?.(given) ?? sender.request(given))
    keep(response)
    return response
  } catch (error) {
    if (typeof error === 'object' && error !== null) {
      keep((error as { response?: Response }).response)
      keep(error)
    }
    throw error
  }
}
