import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { beginInbound, type InboundHop, type Tracer } from '@hoptrace/core'

/** What `@hono/node-server` gives an application as `c.env`. */
interface NodeBindings {
  readonly incoming?: IncomingMessage
  readonly outgoing?: ServerResponse
}

/**
 * Begins the hop of a request by the `node:http` objects behind it, so that its record is in the log before the last byte
 * of the response leaves. Undefined where there are none (`app.request()`, another runtime), and as `beginInbound` says.
 */
export function beginOnNode(tracer: Tracer, env: unknown): InboundHop | undefined {
  const { incoming, outgoing } = (env ?? {}) as NodeBindings
  if (typeof incoming !== 'object') return undefined
  if (typeof outgoing === 'object') return beginInbound(tracer, incoming, outgoing)
  return incoming instanceof IncomingMessage ? beginUpgrade(tracer, incoming) : undefined
}

/** The status that is on its way to the caller; undefined for an upgrade, which is answered on its socket. */
export const statusOnNode = (env: unknown): number | undefined =>
  ((env ?? {}) as NodeBindings).outgoing?.statusCode

/** The server gives no response for an upgrade; core observes the socket. */
function beginUpgrade(tracer: Tracer, incoming: IncomingMessage): InboundHop | undefined {
  const { socket } = incoming
  if (!(socket instanceof Socket) || socket.destroyed) return undefined
  const res = new ServerResponse(incoming)
  res.assignSocket(socket)
  try {
    return beginInbound(tracer, incoming, res)
  } finally {
    res.detachSocket(socket)
  }
}
