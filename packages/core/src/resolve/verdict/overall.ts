import { weightier, type Finding } from './weigh.js'
import {
  placeOf,
  type CalleeEvidence,
  type EvidenceTree,
  type HopEvidence,
  type JudgedTree,
  type Place,
} from './evidence.js'
import { isMessage } from '../../record/destination.js'
import type { CallRecord } from '../../record/record.js'
import { cellOfCall, healthOf } from './cell.js'
import { causalStarts } from './causal.js'
import { findFaults } from './finding.js'
import { sawOf } from './saw.js'
import { wordFault, wordNotes } from './wording.js'

/** How a trace ended, or that it still runs. */
export type Verdict =
  'completed' | 'failed' | 'died' | 'unreachable' | 'running' | 'interrupted' | 'undetermined' | 'not-found'

/** One fault of a trace. */
export interface Fault extends Place {
  readonly verdict: Exclude<Verdict, 'completed' | 'running' | 'not-found'>
  /** Its caller continued in spite of it, so it does not decide the verdict. */
  readonly handled: boolean
  readonly evidence: readonly string[]
}

/** A hop by its place in the tree, and the call if it is about one. */
export interface Decisive {
  readonly node: number
  readonly call: number | null
}

/** The verdict on a trace. */
export interface Judgement {
  readonly verdict: Verdict
  readonly endedAt: Place | null
  readonly lastHealthy: Place | null
  readonly evidence: readonly string[]
  readonly faults: readonly Fault[]
  /** What the verdict and the faults rest on. */
  readonly decisive: readonly Decisive[]
}

/** What became of a part of the tree, as seen from above. */
type Region =
  /** Its caller depends on it, or no caller waited: a failure here counts. */
  | 'counts'
  /** Below a fault that is accounted for already. */
  | 'explained'
  /** Below a fault that its caller handled. */
  | 'handled'
  /** Below a hop that is still open: nothing is decided yet. */
  | 'pending'

const maxFaults = 100

/**
 * The verdict: a pure function of the evidence, linear, without recursion.
 *
 * The idea: each call is one cell of a table, what the caller saw against what the callee left (`table.ts`).
 * Cells give findings per hop (`finding.ts`). This function then asks which findings count, because a caller
 * may have handled them:
 *
 * 0. If the beginning of the trace is missing, the verdict is `undetermined`, whatever the rest shows.
 * 1. If the entry is still open, the verdict is `running`. The entry may still handle a fault below it.
 * 2. If the entry failed, the origin of its failure decides, found along failed and unhandled calls to the
 *    deepest. If the origin is unknown, the verdict is `undetermined`. If the entry's own process ended, it
 *    is `interrupted`.
 * 3. If the entry succeeded, an unseen fault (fire and forget, a message) decides, then anything
 *    undetermined, then anything that still runs, then a message that no consumer has taken. Only then is the
 *    verdict `completed`.
 *
 * A fault is handled if its caller saw it and still answered below 500 without an error.
 */
export function judge(tree: JudgedTree): Judgement {
  const entry = tree.hops[0]
  if (entry === undefined) {
    return {
      verdict: 'not-found',
      endedAt: null,
      lastHealthy: null,
      evidence: tree.notes,
      faults: [],
      decisive: [],
    }
  }
  const { own, ofCall, attempts, itself } = findFaults(tree)
  const entryHealth = healthOf(entry)
  const regions: Region[] = [
    entryHealth === 'ok' ? 'counts' : entryHealth === 'open' ? 'pending' : 'explained',
  ]
  const listed = new Map<string, { finding: Finding; handled: boolean }>()
  let unseen: Finding | null = null
  let waiting: Decisive | null = null

  const list = (finding: Finding, handled: boolean): void => {
    const key = `${finding.node} ${finding.call}`
    const known = listed.get(key)
    if (known === undefined) listed.set(key, { finding, handled })
    else if (known.handled && !handled) known.handled = false
  }

  for (const [node, hop] of tree.hops.entries()) {
    const region = regions[node] ?? 'explained'
    const health = healthOf(hop)
    // Its known part succeeded, but some entries are lost.
    if (region === 'counts' && health === 'ok' && hop.record.lost > 0) {
      unseen = weightier(unseen, itself(node, 'undetermined'))
    }
    for (const [index, callee] of hop.callees.entries()) {
      const call = hop.record.next[index]
      if (call === undefined) continue
      const saw = sawOf(call.outcome)
      const found = ofCall(node, index)
      const calleeHop = callee.kind === 'hop' ? tree.hops[callee.node] : undefined
      const calleeHealth = calleeHop === undefined ? undefined : healthOf(calleeHop)
      const isAtWork = saw === 'silent' && calleeHealth === 'open' && !isMessage(call)
      const faulty = found !== null && !isAtWork
      let below: Region = region
      if (saw === 'answered') {
        if (found?.verdict === 'undetermined') {
          if (region === 'counts') unseen = weightier(unseen, found)
        } else if (faulty || calleeHealth === 'interrupted') below = 'handled'
      } else if (saw !== 'silent') {
        if (health === 'ok') below = 'handled'
        else if (region === 'counts') below = health === 'open' ? 'pending' : 'explained'
      } else if (region === 'counts') {
        if (health === 'open' || health === 'open?') below = 'pending'
        else if (faulty) {
          unseen = weightier(unseen, found)
          below = 'explained'
        } else if (hop.record.lost > 0) {
          // The hop may have seen the callee's fault and handled everything below.
          below = 'pending'
        }
      }
      if (callee.kind === 'hop') regions[callee.node] = below
      for (const { node: attempt, isMadeUp } of attempts(node, index)) {
        const handled = below === 'handled' || isMadeUp
        regions[attempt] = handled ? 'handled' : below
        const fault = handled ? (own[attempt] ?? null) : null
        if (fault !== null) list(fault, true)
      }
      if (isWaiting(tree, hop, call, callee)) waiting ??= { node, call: index }
      if (faulty) list(found, below === 'handled')
    }
  }

  const decision = decide(tree, own[0] ?? null, unseen, waiting)
  const told = tree.headless === true ? (own[0] ?? unseen) : decision.finding
  if (told !== null) list(told, false)
  const faults = [...listed.values()]
    .sort(
      (a, b) =>
        Number(b.finding === decision.finding) - Number(a.finding === decision.finding) ||
        Number(a.handled) - Number(b.handled),
    )
    .slice(0, maxFaults)
    .map(({ finding, handled }): Fault => ({
      ...finding.at,
      verdict:
        finding.node === 0 && finding.call === null && finding.verdict === 'died'
          ? 'interrupted'
          : finding.verdict,
      handled,
      evidence: wordFault(tree, finding),
    }))
  return {
    verdict: decision.verdict,
    endedAt: decision.endedAt,
    lastHealthy: decision.lastHealthy,
    evidence: wordEvidence(tree, faults, listed.size),
    faults,
    decisive: [decision.decisive, ...[...listed.values()].slice(0, maxFaults).map(({ finding }) => finding)],
  }
}

interface Decision {
  readonly verdict: Verdict
  readonly endedAt: Place | null
  readonly lastHealthy: Place | null
  readonly finding: Finding | null
  readonly decisive: Decisive
}

/** Is a message of the hop still to be taken? If the sender died before the broker had it, there may be none. */
function isWaiting(tree: EvidenceTree, hop: HopEvidence, call: CallRecord, callee: CalleeEvidence): boolean {
  if (cellOfCall(tree, hop, call, callee) !== 'waiting') return false
  return call.outcome !== null || healthOf(hop) !== 'interrupted'
}

function decide(
  tree: JudgedTree,
  own: Finding | null,
  unseen: Finding | null,
  waiting: Decisive | null,
): Decision {
  const entry = tree.hops[0] as (typeof tree.hops)[number]
  if (tree.headless === true) return latest(tree, 'undetermined')
  const health = healthOf(entry)
  if (health !== 'open') {
    const finding = health === 'ok' ? unseen : own
    if (finding !== null) return decisionOf(tree, finding)
    if (tree.partial) return latest(tree, 'undetermined')
  }
  const running = tree.hops.some((hop) => healthOf(hop) === 'open')
  if (!running && waiting !== null) return untaken(tree, waiting)
  return latest(tree, running ? 'running' : 'completed')
}

function decisionOf(tree: EvidenceTree, finding: Finding): Decision {
  const entryDied = finding.verdict === 'died' && finding.node === 0 && finding.call === null
  let above: number | null = finding.call === null ? (tree.hops[finding.node]?.parent ?? null) : finding.node
  while (above !== null) {
    const hop = tree.hops[above]
    if (hop === undefined || healthOf(hop) !== 'interrupted') break
    above = hop.parent
  }
  const healthy = above === null ? undefined : tree.hops[above]
  return {
    verdict: entryDied ? 'interrupted' : finding.verdict,
    endedAt: finding.at,
    lastHealthy: healthy === undefined ? null : placeOf(healthy.record),
    finding,
    decisive: { node: finding.node, call: finding.call },
  }
}

/** A message that no consumer has taken yet. */
function untaken(tree: EvidenceTree, decisive: Decisive): Decision {
  const hop = tree.hops[decisive.node] as HopEvidence
  const callee = hop.callees[decisive.call ?? 0]
  return {
    verdict: 'running',
    endedAt: callee === undefined || callee.kind === 'hop' ? placeOf(hop.record) : callee.suspect,
    lastHealthy: placeOf(hop.record),
    finding: null,
    decisive,
  }
}

/** The hop of this kind that began last: open ones for `running`, healthy ones otherwise. */
function latest(tree: EvidenceTree, verdict: 'running' | 'completed' | 'undetermined'): Decision {
  const wanted = verdict === 'running' ? 'open' : 'ok'
  const starts = causalStarts(tree)
  let last = 0
  for (const [node, hop] of tree.hops.entries()) {
    if (healthOf(hop) !== wanted) continue
    if (healthOf(tree.hops[last] as typeof hop) !== wanted || (starts[node] ?? 0n) >= (starts[last] ?? 0n))
      last = node
  }
  const hop = tree.hops[last] as (typeof tree.hops)[number]
  const parent = hop.parent === null ? undefined : tree.hops[hop.parent]
  const before = parent === undefined ? null : placeOf(parent.record)
  return {
    verdict,
    endedAt: placeOf(hop.record),
    lastHealthy: verdict === 'running' ? before : placeOf(hop.record),
    finding: null,
    decisive: { node: last, call: null },
  }
}

function wordEvidence(tree: EvidenceTree, faults: readonly Fault[], total: number): string[] {
  const lines = faults.flatMap(({ evidence, handled }) =>
    evidence.map((line) => (handled ? `${line} (handled)` : line)),
  )
  if (total > faults.length) lines.push(`${total - faults.length} more faults are not listed`)
  const all = [...new Set([...lines, ...wordNotes(tree), ...tree.notes])]
  // A line that another line ends with adds nothing.
  return all.filter((line) => !all.some((other) => other.endsWith(`: ${line}`)))
}
