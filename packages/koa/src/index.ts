import { beginInbound, inboundOf, untilLastTracerCloses, type InboundHop, type Tracer } from '@hoptrace/core'
import type { Context, Middleware } from 'koa'

/**
 * Koa 2 and 3 middleware that records each request as a hop. Put it before everything else:
 * `app.use(hoptrace(tracer))`. Responses, errors and error handling do not change. Route templates come from
 * `@koa/router` or `koa-router`.
 */
export function hoptrace(tracer: Tracer): Middleware {
  return function hoptrace(ctx, next): unknown {
    const inbound = beginInbound(tracer, ctx.req, ctx.res)
    if (inbound === undefined) return next()
    observeErrors(ctx)
    inbound.route(() => templateOf(ctx['_matchedRoute']))
    // Koa's `next` gives a promise, whatever it runs: an async function would add two more to each request.
    const handled = inbound.run(next).then(
      (result: unknown) => {
        inbound.handled(ctx.status)
        return result
      },
      (error: unknown) => {
        inbound.fail(error)
        inbound.handled()
        throw error
      },
    )
    return continueIn(inbound, handled)
  }
}

const inboundKey = Symbol('hoptrace.inbound')

interface ContinuedPromise extends Promise<unknown> {
  [inboundKey]: InboundHop
}

/**
 * The `then` of a promise whose reactions belong to a hop. It is inherited: one that a promise has itself would make all
 * promises of the process slower, because V8 then looks for the `then` of each.
 */
const continued = Object.create(Promise.prototype, {
  then: {
    value: function (this: ContinuedPromise, ...args: Parameters<Promise<unknown>['then']>): unknown {
      const inbound = this[inboundKey]
      return continueIn(
        inbound,
        inbound.run(() => Promise.prototype.then.apply(this, args)),
      )
    },
  },
}) as object

/**
 * Koa answers after its middleware, in promises that it makes outside of the hop. The streams of a body, which it reads
 * then, and `app.on('error')` belong to the request as well.
 */
function continueIn(inbound: InboundHop, promise: Promise<unknown>): Promise<unknown> {
  return Object.assign(Object.setPrototypeOf(promise, continued) as ContinuedPromise, {
    [inboundKey]: inbound,
  })
}

interface ErrorHandling {
  onerror: (this: Context, error: unknown) => void
}

let observed = new WeakSet<object>()

/**
 * Makes hops see the errors that Koa answers by itself, such as the one of a stream that was given as a body: all of them
 * pass through `ctx.onerror`, whose owner is wrapped once. An error after the answer is that of a caller that went away.
 */
function observeErrors(ctx: Context): void {
  const prototype = Object.getPrototypeOf(ctx) as object
  if (observed.has(prototype)) return
  observed.add(prototype)
  let owner: object | null = prototype
  while (owner !== null && !Object.hasOwn(owner, 'onerror'))
    owner = Object.getPrototypeOf(owner) as object | null
  if (owner === null || (owner !== prototype && observed.has(owner))) return
  observed.add(owner)
  const handling = owner as ErrorHandling
  const { onerror } = handling
  const wrapper: ErrorHandling['onerror'] = function (error) {
    const inbound = error === null || error === undefined ? undefined : inboundOf(this.req)
    if (inbound?.hop.closed === false) inbound.fail(error)
    onerror.call(this, error)
  }
  handling.onerror = wrapper
  untilLastTracerCloses(() => {
    if (handling.onerror !== wrapper) return
    handling.onerror = onerror
    observed = new WeakSet()
  })
}

/** What a router left on the context: a path with its prefixes, or a pattern. */
function templateOf(matched: unknown): string | undefined {
  return typeof matched === 'string' ? matched : matched instanceof RegExp ? String(matched) : undefined
}
