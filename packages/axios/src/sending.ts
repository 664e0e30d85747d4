import { beginOutbound, type Hop, type OutboundCall, type Tracer } from '@hoptrace/core'
import { end, endWithStream, type Answer } from './call-end.js'
import { originOf } from './origin.js'
import { methodOf, targetOf, usesNodeHttp } from './request.js'
import type { BeforeRedirect, Config, Headers } from './types.js'
import { viaOf, type RouteConfig } from './via.js'

/**
 * A request that leaves now: its call is in the log and its headers are set. What the application may look at afterwards is
 * put back by `restore`.
 */
export class Sending {
  #call: OutboundCall | undefined
  readonly config: Config
  readonly #own: BeforeRedirect | undefined
  readonly #restoreHeaders: (headers: Headers) => void

  private constructor(
    tracer: Tracer,
    hop: Hop | undefined,
    config: Config,
    route: RouteConfig | undefined,
    call: OutboundCall,
  ) {
    this.#call = call
    this.config = config
    this.#restoreHeaders = setHeaders(config.headers, call.headers)
    const own = config.beforeRedirect
    this.#own = own
    config.beforeRedirect = (options, response, request) => {
      this.#call?.answered(response?.statusCode ?? 302, response?.headers ?? {})
      this.#call = undefined
      own?.(options, response, request)
      const target = originOf(String(options['href']))
      // A redirect comes in the context of a socket, which other hops may have used before.
      if (target !== undefined) this.#call = begin(tracer, hop, options['method'], target, route)
      Object.assign((options['headers'] ??= {}), this.#call?.headers)
    }
  }

  /** Undefined for what is not recorded; the configuration is then as before. */
  static begin(tracer: Tracer, config: Config): Sending | undefined {
    const url = targetOf(config)
    if (url === undefined) return undefined
    const { hop } = tracer
    // Nothing else of what axios sends with knows proxies or sockets.
    const route = usesNodeHttp(config.adapter) ? config : undefined
    const call = begin(tracer, hop, config.method, url, route)
    return call && new Sending(tracer, hop, config, route, call)
  }

  /** Ends the call, or watches its stream, which may be replaced in `answer`. */
  answered(answer: Answer): void {
    this.#quietly(() => endWithStream(this.#call, answer))
  }

  failed(error: unknown): void {
    this.#quietly(() => end(this.#call, error))
  }

  /** The configuration may be sent again, outside of the hop. */
  restore(): void {
    const { config } = this
    this.#quietly(() => this.#restoreHeaders(config.headers))
    if (this.#own === undefined) delete config.beforeRedirect
    else config.beforeRedirect = this.#own
  }

  /** An adapter of the application may give anything, or put anything into the configuration: that is for the application to find out. */
  #quietly(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#call?.failed(error)
    }
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
  const target = { hop, method: methodOf(method), url: url.href }
  return beginOutbound(tracer, via === undefined ? target : { ...target, via })
}

/** Sets ours. Gives what puts back what was there before. */
function setHeaders(headers: Headers, ours: OutboundCall['headers']): (headers: Headers) => void {
  const before: Record<string, unknown> = {}
  if (hasOneOf(headers, ours)) {
    for (const name in ours) {
      before[name] = headers.get(name)
      headers.set(name, ours[name], true)
    }
  } else {
    // As properties, because each method of axios looks through all headers for the name in another case.
    Object.assign(headers, ours)
  }
  return (sent) => {
    // An adapter may have put its own object in their place, with a copy of ours.
    if (typeof sent.set !== 'function') return removeCopies(sent, ours)
    for (const name in ours) {
      const value = before[name]
      if (value !== undefined && value !== null) sent.set(name, value, true)
      else if (Object.hasOwn(sent, name)) Reflect.deleteProperty(sent, name)
      else sent.delete(name)
    }
  }
}

/** Is there a header of one of these names, in any case? */
function hasOneOf(headers: Headers, names: OutboundCall['headers']): boolean {
  for (const header in headers)
    for (const name in names) if (header.length === name.length && header.toLowerCase() === name) return true
  return false
}

function removeCopies(copy: Headers, ours: OutboundCall['headers']): void {
  for (const [name, value] of Object.entries(copy))
    if (ours[name.toLowerCase()] === value) Reflect.deleteProperty(copy, name)
}
