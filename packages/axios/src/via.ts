import { agentProxy, hostPort, ownProxy } from '@hoptrace/core'
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
    return proxy === false ? undefined : ownProxy(target)
  } catch {
    return undefined
  }
}
