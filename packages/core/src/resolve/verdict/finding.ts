import { placeOf, type CalleeEvidence, type EvidenceTree, type HopEvidence } from './evidence.js'
import { attemptsOf, isSettled } from './attempts.js'
import { cellOfCall, healthOf, wasHanging } from './cell.js'
import { deliveries, type Delivery } from './deliveries.js'
import { isMessage } from '../../record/destination.js'
import { causeOfDeath, causeOfFailure, causeOfHanging, type Parts } from './causes.js'
import { type FaultVerdict, type Finding, weightier } from './weigh.js'
import { outcomeOf } from './table.js'

/** For each hop: why it failed, or null if it succeeded or is still open. */
export interface Findings {
  readonly own: readonly (Finding | null)[]
  /** What one call comes to as a fault, or null when it is none, or is the caller's own. */
  readonly ofCall: (node: number, call: number) => Finding | null
  /** The attempts of a call, without the deciding hop. */
  readonly attempts: (node: number, call: number) => readonly TriedHop[]
  /** A finding about a hop itself. */
  readonly itself: (node: number, verdict: FaultVerdict) => Finding
}

type Consumer = HopEvidence & { readonly node: number }

/** A further hop of a call. */
export interface TriedHop {
  readonly node: number
  /** Another hop of the call made up for it. */
  readonly isMadeUp: boolean
}

/** Finds the origin of every fault, callees first. Linear in hops and calls, no recursion. */
export function findFaults(tree: EvidenceTree): Findings {
  const { hops } = tree
  const depths: number[] = []
  for (const { parent } of hops) depths.push(parent === null ? 0 : (depths[parent] ?? 0) + 1)
  const own: (Finding | null)[] = hops.map(() => null)
  // The same for hops that have answered 5xx and are still open: they had given up when they answered.
  const answered: (Finding | null)[] = []
  // Where the chain hangs, for hops that were open when their caller gave up.
  const hung: (Finding | null)[] = []
  const causes = { own, answered, hung }

  const grouped = hops.map(attemptsOf)
  const others = (node: number, call: number): readonly number[] => grouped[node]?.(call) ?? []
  const consumers = (node: number, call: number, callee: CalleeEvidence): readonly Delivery<Consumer>[] => {
    const nodes = [...(callee.kind === 'hop' ? [callee.node] : []), ...others(node, call)]
    return deliveries(nodes.map((at) => ({ ...(hops[at] as HopEvidence), node: at })))
  }

  const attempts = (node: number, call: number): readonly TriedHop[] => {
    const tried = others(node, call)
    const callee = hops[node]?.callees[call]
    const made = hops[node]?.record.next[call]
    if (tried.length === 0 || callee === undefined || made === undefined) return []
    if (!isMessage(made)) {
      const isMadeUp = isSettled(hops, made, callee)
      return tried.map((at) => ({ node: at, isMadeUp }))
    }
    const deciding = new Set(consumers(node, call, callee).map(({ decides }) => decides.node))
    return tried.map((at) => ({ node: at, isMadeUp: !deciding.has(at) }))
  }

  const itself = (node: number, verdict: FaultVerdict): Finding => {
    const { record } = hops[node] as HopEvidence
    return { verdict, at: placeOf(record), node, call: null, depth: depths[node] ?? 0 }
  }

  const ofCall = (node: number, call: number): Finding | null => {
    const hop = hops[node]
    const callee = hop?.callees[call]
    const made = hop?.record.next[call]
    if (hop === undefined || callee === undefined || made === undefined) return null
    const tried = others(node, call)
    let finding = isMessage(made) ? ofMessage(node, call, callee) : ofCallee(node, call, callee)
    if (!isMessage(made) && tried.length > 0 && !isSettled(hops, made, callee)) {
      for (const attempt of tried)
        finding = weightier(finding, ofCallee(node, call, { kind: 'hop', node: attempt }))
      // The one that counts may have answered, or be at it.
      const main = callee.kind === 'hop' ? hops[callee.node] : undefined
      const isOver = main !== undefined && healthOf(main) === 'interrupted'
      if (finding !== null && made.outcome === null && !isOver)
        finding = { ...finding, verdict: 'undetermined' }
    }
    // What the caller saw of it, and made of it, may be among what its log lost.
    const isUnseen = made.outcome === null && hop.record.lost > 0
    return finding !== null && isUnseen ? { ...finding, verdict: 'undetermined' } : finding
  }

  /** The weightiest of its consumers. */
  const ofMessage = (node: number, call: number, callee: CalleeEvidence): Finding | null => {
    const unknown = callee.kind === 'hop' ? null : ofCallee(node, call, callee)
    let finding = unknown
    for (const { decides } of consumers(node, call, callee))
      finding = weightier(finding, ofCallee(node, call, { kind: 'hop', node: decides.node }))
    // A consumer that could not be asked may have made up for the fault.
    return finding !== null && unknown !== null && finding !== unknown
      ? { ...finding, verdict: 'undetermined' }
      : finding
  }

  const ofCallee = (node: number, call: number, callee: CalleeEvidence): Finding | null => {
    const hop = hops[node]
    const made = hop?.record.next[call]
    if (hop === undefined || made === undefined) return null
    const { look, fault } = outcomeOf(cellOfCall(tree, hop, made, callee))
    if (callee.kind !== 'hop')
      return fault && { verdict: fault, at: callee.suspect, node, call, depth: (depths[node] ?? 0) + 1 }
    const cause = (look && causes[look][callee.node]) ?? null
    if (cause === null) return fault && itself(callee.node, fault)
    // That its caller had gone is no fault of the callee, but what kept the callee busy may be.
    const isSlow = healthOf(hops[callee.node] as HopEvidence) === 'slow'
    return isSlow && cause.node === callee.node && cause.call === null ? null : cause
  }

  for (let node = hops.length - 1; node >= 0; node--) {
    const hop = hops[node] as HopEvidence
    const health = healthOf(hop)
    // Why it failed may be among what its log lost.
    const byItself = hop.record.lost > 0 ? 'undetermined' : 'failed'
    const parts: Parts = { hop, hops, hung, ofCall: (call) => ofCall(node, call) }
    if (wasHanging(hop) || health === 'open?') hung[node] = causeOfHanging(parts) ?? itself(node, 'failed')
    if (health === 'open') answered[node] = causeOfFailure(parts, 'failed') ?? itself(node, byItself)
    else if (health === 'open?') own[node] = itself(node, 'undetermined')
    else if (health === 'interrupted') own[node] = causeOfDeath(parts) ?? itself(node, 'died')
    else if (health !== 'ok') own[node] = causeOfFailure(parts, health) ?? itself(node, byItself)
  }
  return { own, ofCall, attempts, itself }
}
