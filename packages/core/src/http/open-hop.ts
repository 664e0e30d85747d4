import type { Hop } from '../hop/hop.js'
import { hopIdAddress } from '../id/index.js'
import type { HopId } from '../id/types.js'
import { readContext, responseHeaders, type InboundContext, type RawHeaders } from '../propagation/index.js'
import { truncate } from '../record/limits.js'
import type { Peer } from '../settings/options.js'
import type { Run } from '../tracer/run.js'
import type { Tracer } from '../tracer/tracer.js'

/** What a request says about its caller, if the caller is trusted. */
export function contextOf(tracer: Tracer, run: Run, headers: RawHeaders, peer: () => Peer): InboundContext {
  const { trust } = tracer.settings
  return readContext(headers, {
    trusted: typeof trust === 'function' ? trust(peer()) : trust === 'context',
    nowNanos: run.ids.nowNanos(),
    keys: tracer.keys,
  })
}

/**
 * Begins the hop of a request.
 * @param local `ip:port` of this host at which the request came in, if it is known
 * @param newId the id of the hop if the request begins a trace
 */
export function openHop(
  tracer: Tracer,
  run: Run,
  context: InboundContext,
  method: string | undefined,
  local: string | undefined,
  newId?: HopId,
): Hop {
  const { hopId: assigned } = context
  const taken =
    assigned !== undefined ? run.take(assigned, local) : context.traceId === undefined ? newId : undefined
  return tracer.beginHop(run, context, method === undefined ? null : truncate(method, 32), taken)
}

/** The headers that the response must have. */
export function headersOf(
  tracer: Tracer,
  run: Run,
  context: InboundContext,
  hop: Hop,
): Readonly<Record<string, string>> {
  const who = {
    hopId: hop.id,
    traceId: hop.traceId,
    flags: hop.flags,
    service: hop.service,
    address: run.address,
    isDialled:
      context.introduction !== undefined &&
      context.assignedId !== undefined &&
      // A caller of the cluster whose id is of another time has no need of it.
      context.assignedId !== context.introduction &&
      run.owns(hopIdAddress(context.assignedId)),
  }
  return responseHeaders(context, who, tracer.keys)
}
