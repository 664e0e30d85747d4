import { originOf } from './origin.js'
import type { AdapterChoice, Config } from './types.js'

/** Is it Node's `http` that sends the request, and not `fetch` or an adapter of the application? As axios chooses: the first that there is. */
export function usesNodeHttp(adapter: AdapterChoice): boolean {
  const choice = choiceOf(adapter)
  return String(typeof choice === 'function' ? nameOf(choice) : choice).toLowerCase() === 'http'
}

/** The same, by the name of axios's own adapter. */
export function isNamedHttp(adapter: AdapterChoice): boolean {
  const choice = choiceOf(adapter)
  return typeof choice === 'string' && choice.toLowerCase() === 'http'
}

function choiceOf(adapter: AdapterChoice): unknown {
  if (!Array.isArray(adapter)) return adapter
  const skipsXhr = !('XMLHttpRequest' in globalThis)
  return adapter.find((choice) => !(skipsXhr && String(choice).toLowerCase() === 'xhr'))
}

/** axios names its own. */
const nameOf = (adapter: object): unknown => (adapter as { adapterName?: unknown }).adapterName

/** In capitals; a request without one is a GET. */
export const methodOf = (method: unknown): string =>
  typeof method === 'string' ? method.toUpperCase() : 'GET'

/** Scheme, host and port of the request; undefined for what never leaves the process. */
export function targetOf({ url = '', baseURL, allowAbsoluteUrls, socketPath }: Config): URL | undefined {
  const isRelative = baseURL !== undefined && (allowAbsoluteUrls === false || !isAbsolute.test(url))
  const target = originOf(isRelative ? baseURL : url)
  // Requests to a socket often name nothing but a path.
  if (target === undefined) return typeof socketPath === 'string' ? new URL('http://localhost') : undefined
  return target.protocol === 'http:' || target.protocol === 'https:' ? target : undefined
}

const isAbsolute = /^([a-z][a-z\d+.-]*:)?\/\//i
