import { beginFetch, connectionOf, type Tracer } from '@hoptrace/core'

/**
 * Records each request of a handler as a hop: `Bun.serve({ fetch: hoptrace(tracer)(handler) })`,
 * `Deno.serve(hoptrace(tracer)(handler))`. Responses and errors do not change. A handler that has upgraded the request answers
 * `undefined`, or a response with status 101.
 */
export function hoptrace(
  tracer: Tracer,
): <Rest extends unknown[], Answer extends Response | undefined>(
  handler: (request: Request, ...rest: Rest) => Answer | Promise<Answer>,
) => (request: Request, ...rest: Rest) => Promise<Answer> {
  return (handler) =>
    async (request, ...rest) => {
      const inbound = beginFetch(tracer, request, connectionOf(request, rest[0]) ?? { left: request.signal })
      if (inbound === undefined) return handler(request, ...rest)
      let response
      try {
        response = await inbound.run(() => handler(request, ...rest))
      } catch (error) {
        inbound.fail(error)
        inbound.handled(500)
        throw error
      }
      return inbound.respond(response)
    }
}
