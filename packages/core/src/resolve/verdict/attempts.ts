import type { CallRecord } from '../../record/record.js'
import { healthOf } from './cell.js'
import type { CalleeEvidence, HopEvidence } from './evidence.js'
import { sawOf, sawOfCall } from './saw.js'

const none: readonly number[] = []

/** The places of the attempts of each call of a hop. */
export function attemptsOf({ attempts = [] }: HopEvidence): (call: number) => readonly number[] {
  if (attempts.length === 0) return () => none
  const byCall = new Map<number, number[]>()
  for (const { call, node } of attempts) {
    const known = byCall.get(call)
    if (known === undefined) byCall.set(call, [node])
    else known.push(node)
  }
  return (call) => byCall.get(call) ?? none
}

/** The places of all hops that each call of a hop led to, the one that counts most first. */
export function calleesOf(hop: HopEvidence): (call: number) => readonly number[] {
  const attempts = attemptsOf(hop)
  return (call) => {
    const callee = hop.callees[call]
    return callee?.kind === 'hop' ? [callee.node, ...attempts(call)] : attempts(call)
  }
}

/**
 * Whether the deciding callee determined what the caller saw, so that the outcomes of other attempts are
 * handled: it answered, or it is the one that is still open.
 */
export function isSettled(
  hops: readonly HopEvidence[],
  { outcome, servedBy }: Pick<CallRecord, 'outcome' | 'servedBy'>,
  callee: CalleeEvidence,
): boolean {
  if (sawOf(outcome) === 'answered' || servedBy !== null) return true
  const hop = callee.kind === 'hop' ? hops[callee.node] : undefined
  if (hop === undefined) return false
  const health = healthOf(hop)
  // It answered, and what is between tried the next one.
  const isOver = hop.record.state === 'closed' && String(hop.record.status) !== outcome
  if (isOver && sawOfCall({ outcome, servedBy, via: null }) === 'proxy-error') return false
  return health !== 'interrupted' && health !== 'open?'
}
