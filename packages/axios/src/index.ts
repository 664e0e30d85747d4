import type { Tracer } from '@hoptrace/core'
import { removeHooks, RequestHooks } from './request-hooks.js'
import { sendTraced } from './send.js'
import type { Adapter, AxiosLike, Config, Instance } from './types.js'

/**
 * Makes an axios instance record every outgoing request as a call of the current hop; each retry and each
 * redirect is a separate call. Outside a hop, requests leave untouched. Returns the same instance.
 */
export function traceAxios<T extends AxiosLike>(instance: T, tracer: Tracer): T {
  trace(instance as unknown as Instance, tracer)
  return instance
}

/** Instances and adapters: if an instance is traced twice, its calls are recorded once. */
const traced = new WeakSet<object>()

/**
 * Takes part in each request when it leaves: in its transformations, or else around its adapter, be it the instance's, one that
 * replaced it later, or one that the request brought. What does so is visited like an interceptor but is in no list: it has no
 * number, changes no other number, and stays when the application clears the list.
 */
function trace(instance: Instance, tracer: Tracer): void {
  const { request, response } = instance.interceptors
  if (traced.has(request)) return
  traced.add(request)
  const { create } = instance
  const sender = create()
  bare(sender)
  // An instance that this one makes has its defaults, and is traced as well.
  instance.create = (config) => {
    const made = create(config)
    trace(made, tracer)
    return made
  }

  const wrap = (given: Config, hooks: RequestHooks): Config => {
    const { adapter, signal, cancelToken } = given
    // It will not leave.
    if (signal?.aborted === true || cancelToken?.reason !== undefined) return given
    if (typeof adapter === 'function' && traced.has(adapter)) return given
    // An interceptor may have frozen it; axios itself sends a copy then.
    const config = Object.isExtensible(given) ? given : { ...given }
    removeHooks(config)
    if (RequestHooks.canRecord(config)) {
      hooks.add(config)
      return config
    }
    const tracing: Adapter = (sent) => {
      sent.adapter = adapter
      return sendTraced(tracer, sender, sent)
    }
    traced.add(tracing)
    config.adapter = tracing
    return config
  }

  /** Of the request whose interceptors have just been visited: axios visits those of its response next. */
  let visited: RequestHooks | undefined
  const { forEach } = request
  request.forEach = (visit) => {
    visited = undefined
    if (tracer.hop === undefined || !tracer.active) return forEach.call(request, visit)
    const hooks = new RequestHooks(tracer)
    const fulfilled = (config: Config): Config => wrap(config, hooks)
    const inTurn = { fulfilled, rejected: undefined, synchronous: true } as const
    visit({ ...inTurn, runWhen: runsLastAtFirst })
    forEach.call(request, visit)
    visit({ ...inTurn, runWhen: runsLastAtLast })
    visited = hooks
  }
  const forEachResponse = response.forEach
  response.forEach = (visit) => {
    const hooks = visited
    visited = undefined
    if (hooks !== undefined) visit(hooks)
    forEachResponse.call(response, visit)
  }
}

/** The interceptor that was added first runs last, before the request leaves, unless the configuration says otherwise. */
const runsLastAtFirst = ({ transitional }: Config): boolean =>
  (transitional as { legacyInterceptorReqResOrdering?: boolean } | undefined)
    ?.legacyInterceptorReqResOrdering !== false

const runsLastAtLast = (config: Config): boolean => !runsLastAtFirst(config)

/** An instance that adds nothing to what it is given to send. */
function bare(sender: Instance): void {
  for (const name of Object.keys(sender.defaults)) Reflect.deleteProperty(sender.defaults, name)
}
