import { isMessage } from '../../record/destination.js'
import type { CallRecord } from '../../record/record.js'
import { weightier, type Finding } from './weigh.js'
import { healthOf, wasHanging } from './cell.js'
import type { HopEvidence } from './evidence.js'
import { sawOf } from './saw.js'

/** One hop, and what is known about the hops below it. */
export interface Parts {
  readonly hop: HopEvidence
  readonly hops: readonly HopEvidence[]
  /** Where hops hang, by node. */
  readonly hung: readonly (Finding | null)[]
  readonly ofCall: (call: number) => Finding | null
}

/** The hop that a call led to, if it has a record. */
function calleeOf({ hop, hops }: Parts, call: number): { node: number; callee: HopEvidence } | undefined {
  const evidence = hop.callees[call]
  const callee = evidence?.kind === 'hop' ? hops[evidence.node] : undefined
  return evidence?.kind === 'hop' && callee !== undefined ? { node: evidence.node, callee } : undefined
}

/** Does the hop wait for an answer? The sender of a message does not wait for its consumer. */
function isAwaited(call: CallRecord): boolean {
  return call.outcome === null && !isMessage(call)
}

/** Why a hop hangs: because a callee that it waits for does. Calls that failed it has not given up on. */
export function causeOfHanging(parts: Parts): Finding | null {
  let cause: Finding | null = null
  for (const [index, call] of parts.hop.record.next.entries()) {
    const below = isAwaited(call) ? calleeOf(parts, index) : undefined
    if (below !== undefined && wasHanging(below.callee))
      cause = weightier(cause, parts.hung[below.node] ?? null)
  }
  return cause
}

/** A process that ended while another one below it did: the request had reached the deeper one. */
export function causeOfDeath(parts: Parts): Finding | null {
  let cause: Finding | null = null
  for (const [index, call] of parts.hop.record.next.entries()) {
    const below = isAwaited(call) ? calleeOf(parts, index) : undefined
    if (below !== undefined && healthOf(below.callee) === 'interrupted')
      cause = weightier(cause, parts.ofCall(index))
  }
  return cause
}

/** Why a hop failed, or was too slow for its caller: the calls that failed it. */
export function causeOfFailure(parts: Parts, health: 'failed' | 'slow'): Finding | null {
  let cause: Finding | null = null
  let unseen: Finding | null = null
  for (const [index, call] of parts.hop.record.next.entries()) {
    const saw = sawOf(call.outcome)
    if (saw === 'answered' || (saw === 'silent' && isMessage(call))) continue
    const found = parts.ofCall(index)
    if (saw !== 'silent') cause = weightier(cause, found)
    else if (health === 'slow') {
      const below = calleeOf(parts, index)
      const hangs = below !== undefined && wasHanging(below.callee)
      cause = weightier(cause, hangs ? (parts.hung[below.node] ?? null) : found)
    } else if (found?.verdict === 'died') {
      // The caller may have timed out by itself, without ending the call.
      unseen = weightier(unseen, found)
    }
  }
  return cause ?? unseen
}
