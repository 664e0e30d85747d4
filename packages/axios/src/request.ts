import axios, { type AxiosAdapter, type InternalAxiosRequestConfig } from 'axios'

/** What sends a request, by the adapters that an instance names. Newer releases also look at the configuration. */
export function senderOf(
  adapter: InternalAxiosRequestConfig['adapter'],
  config: InternalAxiosRequestConfig,
): AxiosAdapter {
  const getAdapter = axios.getAdapter as (
    adapter: unknown,
    config: InternalAxiosRequestConfig,
  ) => AxiosAdapter
  return getAdapter(adapter, config)
}

/** Is it Node's `http` that sends the request, and not `fetch` or an adapter of the application? */
export function usesNodeHttp(send: AxiosAdapter, config: InternalAxiosRequestConfig): boolean {
  try {
    return send === senderOf('http', config)
  } catch {
    return false
  }
}

/** In capitals; a request without one is a GET. */
export const methodOf = (method: unknown): string =>
  typeof method === 'string' ? method.toUpperCase() : 'GET'

/** Where the request goes, as far as a call needs to know; undefined for what never leaves the process. */
export function targetOf({
  url = '',
  baseURL,
  allowAbsoluteUrls,
  socketPath,
}: InternalAxiosRequestConfig): URL | undefined {
  const absolute = /^([a-z][a-z\d+.-]*:)?\/\//i.test(url)
  const text = baseURL !== undefined && (!absolute || allowAbsoluteUrls === false) ? baseURL : url
  // Requests to a socket often name nothing but a path.
  if (typeof socketPath === 'string' && text.startsWith('/')) return new URL('http://localhost')
  if (!URL.canParse(text)) return undefined
  const target = new URL(text)
  return target.protocol === 'http:' || target.protocol === 'https:' ? target : undefined
}
