import { BlockList, isIP, isIPv6 } from 'node:net'

/** The proxy that an agent dials instead of a request's target, as `host:port`. `https-proxy-agent` and similar ones have its URL. */
export function agentProxy(agent: unknown): string | undefined {
  const proxy = (agent as { proxy?: unknown } | null | undefined)?.proxy
  if (typeof proxy !== 'object' || proxy === null) return undefined
  const { protocol, hostname, host, port } = proxy as Record<string, string | undefined>
  return hostPort(protocol, hostname ?? host, port)
}

/** `host:port`, with the port of the protocol where none is given; undefined without a host. */
export function hostPort(
  protocol: string | null | undefined,
  host: string | null | undefined,
  port: string | number | null | undefined,
): string | undefined {
  if (typeof host !== 'string' || host === '') return undefined
  const name = isIPv6(host) ? `[${host}]` : host
  return `${name}:${port || (protocol?.startsWith('https') === true ? 443 : 80)}`
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy of an environment for a target, as `host:port`: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in lower or
 * upper case, as axios and Node's own agents read them.
 */
export function environmentProxy(target: URL, environment: Environment): string | undefined {
  const variable = (name: string): string => environment[name] ?? environment[name.toUpperCase()] ?? ''
  const scheme = target.protocol.slice(0, -1)
  const proxy = variable(`${scheme}_proxy`) || variable('all_proxy')
  if (proxy === '' || isBypassed(target, variable('no_proxy'))) return undefined
  const { protocol, hostname, port } = new URL(proxy.includes('://') ? proxy : `${scheme}://${proxy}`)
  return hostPort(protocol, hostname, port)
}

function isBypassed(target: URL, bypassed: string): boolean {
  const host = bare(target.hostname.toLowerCase())
  const port = target.port || (target.protocol === 'https:' ? '443' : '80')
  return bypassed
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
