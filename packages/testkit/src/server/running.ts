import type { TracerOptions } from '@hoptrace/core'
import { exchange, listen, type KitRequest, type KitResponse } from '../adapter/exchange.js'
import { foreignContext, openKitTracer, type KitTracer } from '../adapter/kit-tracer.js'
import { kitRoutes, type RouteHooks } from './routes.js'
import type { ServerSubject } from './subject.js'

/** A subject's application, listening. */
export interface RunningSubject {
  readonly port: number
  /** The errors that reached the framework's own error handling, in order. */
  readonly errors: readonly unknown[]
  send(request: KitRequest): Promise<KitResponse>
  /** Sends the request in a new trace, which identifies its record. */
  sendTraced(request: KitRequest): Promise<{ response: KitResponse; traceId: string }>
  [Symbol.asyncDispose](): Promise<void>
}

/** A traced application, with its records. */
export interface TracedSubject extends RunningSubject {
  readonly kit: KitTracer
}

/** The bare framework. */
export const startBare = (
  subject: ServerSubject,
  { hooks = {} }: { hooks?: Partial<RouteHooks> } = {},
): Promise<RunningSubject> => start(subject, undefined, hooks)

/** The framework with its adapter. */
export async function startTraced(
  subject: ServerSubject,
  {
    hooks = {},
    options = {},
    under,
  }: { hooks?: Partial<RouteHooks>; options?: Partial<TracerOptions>; under?: string } = {},
): Promise<TracedSubject> {
  const kit = await openKitTracer(options)
  const running = await start(subject, kit, hooks, under)
  return {
    ...running,
    kit,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      await kit[Symbol.asyncDispose]()
    },
  }
}

async function start(
  subject: ServerSubject,
  kit: KitTracer | undefined,
  hooks: Partial<RouteHooks>,
  under?: string,
): Promise<RunningSubject> {
  const tracer = kit?.tracer
  const errors: unknown[] = []
  const routes = kitRoutes(subject.supports, {
    currentTrace: () => tracer?.hop?.traceId,
    event: (name) => tracer?.hop?.event(name),
    ...hooks,
  })
  const created = await subject.create({ tracer, under, routes, onError: (error) => errors.push(error) })
  const server = 'url' in created ? created : await listen(created)
  const send = (request: KitRequest): Promise<KitResponse> => exchange(server.port, request)
  return {
    port: server.port,
    errors,
    send,
    async sendTraced(request) {
      const { traceId, headers } = foreignContext()
      return { response: await send({ ...request, headers: { ...request.headers, ...headers } }), traceId }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
