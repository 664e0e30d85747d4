import { inboundOf, untilLastTracerCloses, type InboundHop, type Tracer } from '@hoptrace/core'
import type { Request, Response } from 'express'
import type { MountedLayer } from './mount-pattern.js'
import { RouteTemplates } from './route-templates.js'

type Next = (error?: unknown) => void
type Handle = (this: Layer, req: Request, res: Response, next: Next) => unknown
type HandleError = (this: Layer, error: unknown, req: Request, res: Response, next: Next) => unknown

/**
 * The layer that Express keeps for each `use` and each route: Express 4 with underscores, Express 5 without.
 */
interface Layer extends MountedLayer {
  readonly route?: { readonly path?: unknown }
  readonly handle?: { readonly stack?: readonly Layer[] }
  /** Mounted at `/`. */
  readonly slash?: boolean
  readonly regexp?: RegExp & { readonly fast_slash?: boolean }
  handle_request?: Handle
  handleRequest?: Handle
  handle_error?: HandleError
  handleError?: HandleError
}

interface RouterOwner {
  readonly _router?: { readonly stack?: readonly Layer[] }
  readonly router?: { readonly stack?: readonly Layer[] }
}

const observed = new WeakSet<object>()

/**
 * The state is on the hop of the request. A property on the request would cost most in Express, which changes
 * the request's prototype, and a WeakMap would cost the garbage collector an entry for each request.
 */
const seenKey = Symbol('hoptrace.express')

interface Seen {
  readonly tracer: Tracer
  readonly templates: RouteTemplates
}

type Observed = InboundHop & { [seenKey]?: Seen }

/**
 * Shows the hop of `req` the errors that are passed to `next` and the template of the route that answers. A
 * middleware can see neither, so we wrap the prototype of Express's layers once, when the first request shows
 * where it is.
 */
export function observeLayers(tracer: Tracer, req: Request, inbound: InboundHop): void {
  const app = req.app as RouterOwner | undefined
  // The getter `router` throws in Express 4.
  observe((app?._router ?? app?.router)?.stack)
  const templates = new RouteTemplates()
  ;(inbound as Observed)[seenKey] = { tracer, templates }
  inbound.route(() => templates.current(req.baseUrl))
}

function observe(stack: readonly Layer[] | undefined): void {
  const layer = stack?.[0]
  if (layer === undefined) return
  const prototype = Object.getPrototypeOf(layer) as Layer
  if (observed.has(prototype)) return
  observed.add(prototype)
  const before = { ...prototype }
  for (const name of ['handle_request', 'handleRequest'] as const) {
    const original = prototype[name]
    if (original === undefined) continue
    prototype[name] = function (req, res, next) {
      return original.call(this, req, res, observeNext(this, req, next))
    }
  }
  for (const name of ['handle_error', 'handleError'] as const) {
    const original = prototype[name]
    if (original === undefined) continue
    prototype[name] = function (error, req, res, next) {
      inboundOf(req)?.fail(error)
      return original.call(this, error, req, res, next)
    }
  }
  const wrapped = { ...prototype }
  untilLastTracerCloses(() => {
    const names = Object.keys(wrapped) as (keyof Layer)[]
    if (names.some((name) => prototype[name] !== wrapped[name])) return
    Object.assign(prototype, before)
    observed.delete(prototype)
  })
}

function observeNext(layer: Layer, req: Request, next: Next): Next {
  const inbound: Observed | undefined = inboundOf(req)
  const seen = inbound?.[seenKey]
  if (inbound === undefined || seen === undefined) return next
  const { tracer, templates } = seen
  const { route } = layer
  if (route !== undefined) templates.enterRoute(req.baseUrl, route.path)
  else if (layer.slash !== true && layer.regexp?.fast_slash !== true) templates.enterMount(req.baseUrl, layer)
  observe(layer.handle?.stack)
  return (error) => {
    if (route !== undefined) templates.leaveRoute()
    if (error && error !== 'route' && error !== 'router') inbound.fail(error)
    // A middleware that waits for something shared, such as a pool, may call back from another context.
    if (tracer.hop === inbound.hop) next(error)
    else inbound.run(() => next(error))
  }
}
