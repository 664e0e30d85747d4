import axios, { type AxiosAdapter, type InternalAxiosRequestConfig } from 'axios'

/**
 * The function that sends a request, from the adapters of an instance. Newer releases also look at the
 * configuration.
 */
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

/** Whether Node's `http` sends the request, and not `fetch` or an adapter of the application. */
export function usesNodeHttp(send: AxiosAdapter, config: InternalAxiosRequestConfig): boolean {
  try {
    return send === senderOf('http', config)
  } catch {
    return false
  }
}

/** The method in capitals; a request without a method is a GET. */
export const methodOf = (method: unknown): string =>
  typeof method === 'string' ? method.toUpperCase() : 'GET'

/**
 * The URL of the request, with everything that a call needs; undefined for a request that never leaves the
 * process.
 */
export function targetOf({
  url = '',
  baseURL,
  allowAbsoluteUrls,
  socketPath,
}: InternalAxiosRequestConfig): URL | undefined {
  const absolute = /^([a-z][a-z\d+.-]*:)?\/\//i.test(url)
  const text = baseURL !== undefined && (!absolute || allowAbsoluteUrls === false) ? baseURL : url
  // A request to a socket often has only a path.
  if (typeof socketPath === 'string' && text.startsWith('/')) return new URL('http://localhost')
  if (!URL.canParse(text)) return undefined
  const target = new URL(text)
  return target.protocol === 'http:' || target.protocol === 'https:' ? target : undefined
}
