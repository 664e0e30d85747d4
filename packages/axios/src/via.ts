import { BlockList, isIP, isIPv6 } from 'node:net'
import type { Config } from './types.js'

/** What of a request's configuration says who is dialled. */
export type RouteConfig = Pick<Config, 'proxy' | 'socketPath' | 'httpAgent' | 'httpsAgent'>

/**
 * The route that axios dials instead of `target`: a forward proxy (`host:port`) from the configuration, from
 * an agent of the request, or from the environment; or a socket (`unix:/path`). Undefined if it dials the
 * target itself.
 */
export function viaOf(config: RouteConfig, target: URL): string | undefined {
  try {
    if (typeof config.socketPath === 'string') return `unix:${config.socketPath}`
    const { proxy } = config
    if (typeof proxy === 'object' && proxy !== null) {
      return hostPort(proxy.protocol, proxy.hostname ?? proxy.host, proxy.port)
    }
    const fromAgent = agentProxy(target.protocol === 'https:' ? config.httpsAgent : config.httpAgent)
    if (fromAgent !== undefined) return fromAgent
    return proxy === false ? undefined : environmentProxy(target)
  } catch {
    return undefined
  }
}

/** Agents that dial a proxy (`https-proxy-agent` and similar) have its URL. */
function agentProxy(agent: unknown): string | undefined {
  const proxy = (agent as { proxy?: unknown } | undefined)?.proxy
  if (proxy instanceof URL) return ofUrl(proxy)
  if (typeof proxy !== 'object' || proxy === null) return undefined
  const { protocol, hostname, host, port } = proxy as Record<string, string | undefined>
  return hostPort(protocol, hostname ?? host, port)
}

/** `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in lower or upper case, as axios reads them. */
function environmentProxy(target: URL): string | undefined {
  const scheme = target.protocol.slice(0, -1)
  const proxy = variable(`${scheme}_proxy`) || variable('all_proxy')
  if (proxy === '' || isBypassed(target)) return undefined
  return ofUrl(new URL(proxy.includes('://') ? proxy : `${scheme}://${proxy}`))
}

const variable = (name: string): string => process.env[name] ?? process.env[name.toUpperCase()] ?? ''

function isBypassed(target: URL): boolean {
  const host = bare(target.hostname.toLowerCase())
  const port = target.port || (target.protocol === 'https:' ? '443' : '80')
  return variable('no_proxy')
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && bypasses(entry, host, port))
}

function bypasses(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  const subnet = /^\[?([0-9a-f.:]+)\]?\/(\d{1,3})$/.exec(entry)
  if (subnet !== null) return isWithin(host, subnet[1] as string, Number(subnet[2]))
  const [, name = entry, only] = isIP(entry) > 0 ? [] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? [])
  if (only !== undefined && only !== port) return false
  const pattern = bare(name).replace(/^\*/, '')
  if (pattern.startsWith('.')) return host.endsWith(pattern)
  return host === pattern || (isLoopback(host) && isLoopback(pattern))
}

function isWithin(host: string, network: string, prefix: number): boolean {
  if (isIP(host) === 0 || isIP(host) !== isIP(network)) return false
  const family = isIPv6(host) ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  list.addSubnet(network, prefix, family)
  return list.check(host, family)
}

const isLoopback = (host: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)

const bare = (host: string): string => host.replace(/^\[|\]$/g, '').replace(/\.$/, '')

const ofUrl = ({ protocol, hostname, port }: URL): string | undefined => hostPort(protocol, hostname, port)

function hostPort(
  protocol: string | null | undefined,
  host: string | null | undefined,
  port: string | number | null | undefined,
): string | undefined {
  if (typeof host !== 'string' || host === '') return undefined
  const name = isIPv6(host) ? `[${host}]` : host
  return `${name}:${port || (protocol?.startsWith('https') === true ? 443 : 80)}`
}
