import type { Tracer } from '@hoptrace/core'
import { sendTraced } from './send.js'
import type { Adapter, AxiosLike, Config, Instance, Interceptor } from './types.js'

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
 * Wraps the adapter of each request when it leaves: the instance's, one that replaced it later, or one that the request
 * brought. The wrapping is visited like an interceptor but is in no list: it has no number, changes no other number, and
 * stays when the application clears the list.
 */
function trace(instance: Instance, tracer: Tracer): void {
  const { request } = instance.interceptors
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

  const wrap = (config: Config): Config => {
    const { adapter, signal, cancelToken } = config
    // It will not leave.
    if (signal?.aborted === true || cancelToken?.reason !== undefined) return config
    if (typeof adapter === 'function' && traced.has(adapter)) return config
    const tracing: Adapter = (sent) => {
      sent.adapter = adapter
      return sendTraced(tracer, sender, sent)
    }
    traced.add(tracing)
    config.adapter = tracing
    return config
  }
  const whenInHop = (isTurn: (config: Config) => boolean): Interceptor => ({
    fulfilled: wrap,
    rejected: undefined,
    synchronous: true,
    runWhen: (config) => tracer.hop !== undefined && tracer.active && isTurn(config),
  })
  const [first, last] = [whenInHop(runsLastAtFirst), whenInHop((config) => !runsLastAtFirst(config))]
  const { forEach } = request
  request.forEach = (visit) => {
    visit(first)
    forEach.call(request, visit)
    visit(last)
  }
}

/** The interceptor that was added first runs last, before the request leaves, unless the configuration says otherwise. */
const runsLastAtFirst = ({ transitional }: Config): boolean =>
  (transitional as { legacyInterceptorReqResOrdering?: boolean } | undefined)
    ?.legacyInterceptorReqResOrdering !== false

/** An instance that adds nothing to what it is given to send. */
function bare(sender: Instance): void {
  for (const name of Object.keys(sender.defaults)) Reflect.deleteProperty(sender.defaults, name)
}
