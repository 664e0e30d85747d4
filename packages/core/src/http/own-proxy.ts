import { timing } from '../base/timing.js'
import { environmentProxy } from './dialled.js'

const proxies = ['http_proxy', 'https_proxy', 'all_proxy']

/** The variables of this process; undefined where they name no proxy, as most do not. */
let variables: Readonly<Record<string, string | undefined>> | undefined
let readAt = Number.NEGATIVE_INFINITY

/** The proxy of this process's environment for a target, as `host:port`. A change of the environment is seen up to a second later. */
export function ownProxy(target: URL): string | undefined {
  const now = Date.now()
  // The clock may be set back.
  if (Math.abs(now - readAt) >= timing.ownProxyMillis) {
    readAt = now
    const proxy = read(proxies)
    variables = Object.values(proxy).some(Boolean) ? { ...proxy, ...read(['no_proxy']) } : undefined
  }
  return variables && environmentProxy(target, variables)
}

/** As they are, in lower and upper case. */
function read(names: readonly string[]): Record<string, string | undefined> {
  const both = names.flatMap((name) => [name, name.toUpperCase()])
  return Object.fromEntries(both.map((name) => [name, process.env[name]]))
}
