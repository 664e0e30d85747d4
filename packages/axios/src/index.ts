import { AsyncResource } from 'node:async_hooks'
import { beginOutbound, type OutboundCall, type Tracer } from '@hoptrace/core'
import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'
import { endWithStream } from './stream-end.js'

type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>

/**
 * Makes an axios instance record every request that leaves it as a call of the current hop: each retry and each redirect is
 * a call of its own. Outside a hop requests go out untouched. Returns the same instance.
 */
export function traceAxios<T extends AxiosInstance>(instance: T, tracer: Tracer): T {
  const { adapter } = instance.defaults
  if (typeof adapter === 'function' && traced.has(adapter)) return instance
  const tracing: AxiosAdapter = (config) => {
    const send = senderOf(adapter, config)
    const url = targetOf(config)
    const call =
      url === undefined ? undefined : beginOutbound(tracer, { method: methodOf(config.method), url })
    return call === undefined ? send(config) : sendTraced(tracer, send, config, call)
  }
  traced.add(tracing)
  instance.defaults.adapter = tracing
  return instance
}

/** Adapters made here: an instance that is traced twice records its calls once. */
const traced = new WeakSet<AxiosAdapter>()

async function sendTraced(
  tracer: Tracer,
  send: AxiosAdapter,
  config: InternalAxiosRequestConfig,
  first: OutboundCall,
): Promise<AxiosResponse> {
  let call: OutboundCall | undefined = first
  config.headers.set({ ...call.headers }, true)
  const own = config.beforeRedirect
  const redirected: BeforeRedirect = (options, response, request) => {
    call?.answered(statusOf(response), response.headers)
    call = undefined
    own?.(options, response, request)
    call = beginOutbound(tracer, { method: methodOf(options['method']), url: String(options['href']) })
    Object.assign((options['headers'] ??= {}), call?.headers)
  }
  config.beforeRedirect = AsyncResource.bind(redirected)
  try {
    const response = await send(config)
    endWithStream(call, response)
    return response
  } catch (error) {
    end(call, error)
    throw error
  } finally {
    if (own === undefined) delete config.beforeRedirect
    else config.beforeRedirect = own
  }
}

/** `follow-redirects` gives it; the types of axios do not know. */
const statusOf = (response: object): number => Number((response as { statusCode?: unknown }).statusCode)

/**
 * A response that was refused by `validateStatus` has its body; one that broke off has not, or is not there at all. Without a
 * limit for its length nothing else makes a response bad.
 */
function end(call: OutboundCall | undefined, error: unknown): void {
  const { code, config, response } = axios.isAxiosError(error) ? error : {}
  const limited = config?.maxContentLength !== undefined && config.maxContentLength > -1
  if (response?.data !== undefined) endWithStream(call, response)
  else if (response !== undefined || (code === 'ERR_BAD_RESPONSE' && !limited)) call?.failed('ECONNRESET')
  else call?.failed(error)
}

function senderOf(
  adapter: InternalAxiosRequestConfig['adapter'],
  config: InternalAxiosRequestConfig,
): AxiosAdapter {
  const getAdapter = axios.getAdapter as (
    adapter: unknown,
    config: InternalAxiosRequestConfig,
  ) => AxiosAdapter
  return getAdapter(adapter, config)
}

const methodOf = (method: unknown): string => (typeof method === 'string' ? method.toUpperCase() : 'GET')

/** Where the request goes, as far as a call needs to know; undefined for what never leaves the process. */
function targetOf({ url = '', baseURL, allowAbsoluteUrls }: InternalAxiosRequestConfig): URL | undefined {
  const absolute = /^([a-z][a-z\d+.-]*:)?\/\//i.test(url)
  const text = baseURL !== undefined && (!absolute || allowAbsoluteUrls === false) ? baseURL : url
  if (!URL.canParse(text)) return undefined
  const target = new URL(text)
  return target.protocol === 'http:' || target.protocol === 'https:' ? target : undefined
}
