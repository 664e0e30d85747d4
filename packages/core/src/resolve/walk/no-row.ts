import { namedService, type CallRecord } from '../../record/record.js'
import { isoNanos } from '../../base/iso.js'
import type { Place, WithoutRecord } from '../verdict/evidence.js'
import { sawOfCall } from '../verdict/saw.js'

/** The dialled address as a place with an unknown service. */
export function dialled(call: CallRecord): Place {
  const { hopId, target } = call
  return { service: target, instance: target, hopId }
}

/**
 * A proxy or a socket that refused: the target was not dialled. Undefined when nothing like that happened.
 */
export function refusedOnTheWay(call: CallRecord): WithoutRecord | undefined {
  const { via, hopId, target } = call
  if (via === null || sawOfCall(call) !== 'unreachable') return undefined
  return {
    kind: 'unregistered',
    suspect: { service: via, instance: via, hopId },
    says: `${via} was dialled for ${target}, and did not take the request`,
  }
}

/**
 * No service is registered where the call went. It is not ours only where that is proven: it answered by
 * itself, without our header. A message is: its consumer need not be ours, and may come to it later.
 */
export function unregistered(call: CallRecord, unread: readonly string[]): WithoutRecord {
  const { servedBy, hopId, target, method } = call
  if (servedBy !== null) {
    const { address } = servedBy
    const service = namedService(call)
    const suspect: Place = { service: service ?? address, instance: address, hopId }
    const who = service === null ? address : `${service} ${address}`
    return { kind: 'unregistered', suspect, says: noRegistry(`${who} is not registered`) }
  }
  const suspect: Place = { service: call.service ?? target, instance: target, hopId }
  const saw = sawOfCall(call)
  const isProven = saw === 'answered' || saw === 'error' || (saw === 'silent' && method === null)
  if (isProven && unread.length === 0) return { kind: 'untraced', suspect }
  const says = `no service is registered at ${target}`
  if (unread.length === 0) return { kind: 'unregistered', suspect, says: noRegistry(says) }
  return { kind: 'unregistered', suspect, says: `${says} as far as is known: ${unread.join('; ')}` }
}

function noRegistry(says: string): string {
  return `${says}; if one of ours is there, it and its caller share no registry: set HOPTRACE_DIR to one directory for both, or a store that both share`
}

/** It answered with another cluster's key. */
export function otherKey(call: CallRecord): WithoutRecord {
  const { target, service, hopId, otherKey: fingerprint } = call
  const suspect: Place = { service: service ?? target, instance: target, hopId }
  const says = `${service ?? target} answers under another key (${fingerprint ?? ''}): set one HOPTRACE_KEY for both`
  return { kind: 'other-key', suspect, says }
}

/**
 * No consumer is known to have taken a message. `rest`: what its consumers say; undefined if there is
 * none. Never a proof that the message is lost: a consumer may start later.
 */
export function waiting(
  { hopId, target }: CallRecord,
  sentNanos: bigint,
  rest: WithoutRecord | undefined,
  tooMany: boolean,
): WithoutRecord {
  const suspect: Place = { service: target, instance: target, hopId }
  const since = `the message to ${target} is not taken since ${isoNanos(sentNanos)}`
  if (rest === undefined) {
    return { kind: 'absent', proof: 'waiting', suspect, says: `${since}: no traced service consumes it` }
  }
  if (rest.kind === 'untraced') return rest
  if (rest.kind !== 'absent') return { ...rest, suspect }
  if (tooMany) return { kind: 'unsure', suspect, says: `${since}: more consumers than may be asked` }
  return { kind: 'absent', proof: 'waiting', suspect, says: `${since}: ${rest.says}` }
}
