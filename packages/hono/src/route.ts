import type { Context } from 'hono'

/** A handler of an application with its path, in the order in which Hono runs those that match a request. */
interface Registered {
  readonly method: string
  /** With the paths of the applications around it: `/tenants/:tenant/orders/:order`. */
  readonly path: string
  readonly handler: { readonly length: number }
}

/**
 * The request's own getter, though Hono recommends the function of `hono/route`: that function works only with requests of
 * the same copy of Hono, and an application may load both the ES module and the CommonJS one.
 */
interface Routed {
  readonly matchedRoutes: readonly Registered[]
  readonly routeIndex: number
}

/**
 * How to find the template of the route that answers: the handler that Hono ran last. If that is a middleware, it answers
 * by itself, and its path is the template, unless it matches every path, or no route followed and `status` is 404.
 */
export function routeOf(c: Context, status: () => number | undefined): () => string | undefined {
  const request: Routed = c.req
  let matched: readonly Registered[] | undefined
  return () => {
    const { [request.routeIndex]: last } = (matched ??= request.matchedRoutes)
    if (last === undefined) return undefined
    if (!isMiddleware(last)) return last.path
    return isEverything(last.path) || status() === 404 ? undefined : last.path
  }
}

/** Hono keeps what `use` was given as it keeps a route for all methods; it tells them apart by the parameters, too. */
const isMiddleware = ({ method, handler }: Registered): boolean => method === 'ALL' && handler.length > 1

const isEverything = (path: string): boolean => path === '*' || path === '/*'
