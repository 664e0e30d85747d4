import type { Agent, ClientRequest } from 'node:http'
import { agentProxy, environmentProxy, hostPort, parseUrl } from '@hoptrace/core'

/** What of an agent's options says who is dialled. */
export interface DialOptions {
  readonly host?: string
  readonly port?: number | string
  readonly socketPath?: string | null
}

/** Whom a request is for, and what is dialled in its place. */
interface Target {
  readonly url: string
  readonly via?: string
}

type ProxyingAgent = Agent & {
  readonly options?: DialOptions & { readonly proxyEnv?: Readonly<Record<string, string | undefined>> | null }
}

/**
 * The target of a request: from the options that its agent got, else from its host and its `Host` header. Undefined for a
 * tunnel, through which the request itself follows, and for what cannot be a URL.
 */
export function targetOf(
  request: ClientRequest,
  options: DialOptions | undefined,
  headers: unknown,
): Target | undefined {
  const { method, path, protocol, host } = request
  const { agent } = request as { readonly agent?: ProxyingAgent }
  if (method === 'CONNECT') return undefined
  const dialled = hostPort(protocol, options?.host ?? host, options?.port ?? portOf(request, headers))
  const socketPath = options?.socketPath ?? agent?.options?.socketPath ?? socketPathOf(request)
  if (typeof socketPath === 'string') return target(`${protocol}//${dialled}`, `unix:${socketPath}`)
  // The request line of a forward proxy has the whole URL.
  const whole = /^https?:\/\/[^/?#]+/i.exec(path)?.[0]
  const url = whole ?? `${protocol}//${dialled}`
  const proxy = agentProxy(agent) ?? ownProxy(agent, url)
  if (proxy !== undefined) return target(url, proxy)
  return target(url, whole === undefined ? undefined : dialled)
}

function target(url: string, via: string | undefined): Target | undefined {
  if (parseUrl(url) === undefined) return undefined
  return via === undefined ? { url } : { url, via }
}

/** Node's own agents dial the proxy of their environment (Node 24 and newer, where the application asks for it). */
function ownProxy(agent: ProxyingAgent | undefined, url: string): string | undefined {
  const environment = agent?.options?.proxyEnv
  if (environment === undefined || environment === null) return undefined
  const parsed = parseUrl(url)
  return parsed && environmentProxy(parsed, environment)
}

/** Of a request without an agent of Node. */
function portOf(request: ClientRequest, headers: unknown): string | undefined {
  const given = headerOf(request, headers, 'host')
  return typeof given === 'string' ? /:(\d+)$/.exec(given)?.[1] : undefined
}

const socketPathOf = (request: ClientRequest): unknown =>
  (request as { readonly socketPath?: unknown }).socketPath

/** A header of a request whose head is being written: `headers` is a list where the application gave one, of names and values or of pairs. */
export function headerOf(request: ClientRequest, headers: unknown, name: string): unknown {
  if (!Array.isArray(headers)) return request.getHeader(name)
  const list = headers as readonly unknown[]
  const pairs = Array.isArray(list[0])
  for (let i = 0; i < list.length; i += pairs ? 1 : 2) {
    const [key, value] = pairs ? (list[i] as readonly unknown[]) : [list[i], list[i + 1]]
    if (typeof key === 'string' && key.toLowerCase() === name) return value
  }
  return undefined
}
