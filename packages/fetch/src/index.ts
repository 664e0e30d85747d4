import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { TracerSet, wrapShared, type Tracer } from '@hoptrace/core'
import { connectionFailed, Dispatched, type UndiciRequest, type UndiciResponse } from './dispatched.js'
import { hasOwnFetch, traced, type Fetch } from './global-fetch.js'

export { hoptrace } from './handler.js'

/**
 * Makes this process record every request of `fetch` and of undici, Node's own or the npm package, as a call of the current hop;
 * each retry and each redirect is a separate call. On Bun and Deno, which have a `fetch` of their own, a redirect is part of its call. Outside a hop, requests leave untouched. A request that another adapter records,
 * or the application itself by `hop.call`, is not recorded a second time.
 */
export function traceFetch(tracer: Tracer): void {
  tracers.add(tracer)
}

/** Where a request keeps what is recorded of it. */
const dispatchedKey = Symbol('hoptrace.fetch')
type Request = UndiciRequest & { [dispatchedKey]?: Dispatched }
interface Message {
  readonly request: Request
  readonly connectParams?: unknown
  readonly response?: UndiciResponse
  readonly error?: unknown
}

/** Channels of undici, as its documentation describes them. */
const listeners = {
  'undici:request:create': ({ request }) => {
    const tracer = tracers.current
    if (tracer === undefined) return
    const dispatched = Dispatched.begin(tracer, request)
    if (dispatched !== undefined) request[dispatchedKey] = dispatched
  },
  'undici:request:headers': ({ request, response }) => request[dispatchedKey]?.headed(response),
  'undici:request:trailers': ({ request }) => request[dispatchedKey]?.ended(),
  'undici:client:connectError': ({ error, connectParams }) => connectionFailed(error, connectParams),
  'undici:request:error': ({ request, error }) => request[dispatchedKey]?.failed(error),
} satisfies Record<string, (message: Message) => void>

const tracers = new TracerSet(() => {
  const all = Object.entries(listeners) as [string, (message: unknown) => void][]
  for (const [name, listener] of all) subscribe(name, listener)
  if (hasOwnFetch)
    wrapShared<Fetch>(globalThis, 'fetch', (original) =>
      withOwnProperties(
        traced(original, () => tracers.current),
        original(),
      ),
    )
  return () => {
    for (const [name, listener] of all) unsubscribe(name, listener)
  }
})

/** Bun's `fetch` has a method, `preconnect`. */
function withOwnProperties<F extends object>(wrapper: F, original: F): F {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(original)))
    if (!Object.hasOwn(wrapper, name)) Object.defineProperty(wrapper, name, descriptor)
  return wrapper
}
