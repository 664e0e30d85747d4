import { randomBytes } from 'node:crypto'
import { fold64, formatHopId, type HopId } from '../../packages/core/src/id/index.js'
import { clusterKeys } from '../../packages/core/src/key/index.js'
import { clusterKey } from './outsider.fixture.js'

// What a process that has the cluster's key can put into a request's headers.

const keys = clusterKeys(clusterKey, true)
let counter = 0

/**
 * An id that a caller assigns to the hop that it calls at `127.0.0.1:port`, this many milliseconds from now.
 */
export function assignedId(port: number, fromNowMillis = 0): HopId {
  counter++
  return formatHopId({
    nanos: BigInt(Date.now() + fromNowMillis) * 1_000_000n + BigInt(counter),
    assigned: true,
    issuer: 7,
    counter: counter % 16,
    ip: '127.0.0.1',
    port,
  })
}

/** Headers of a call under an assigned id, with the tag of the cluster or with the one given. */
export function contextHeaders(
  id: HopId,
  traceId = randomBytes(16).toString('hex'),
  tag = keys.contextTag(id, traceId),
): Readonly<Record<string, string>> {
  return { traceparent: `00-${traceId}-${fold64(id)}-01`, tracestate: `hoptrace=${id}-${tag}` }
}
