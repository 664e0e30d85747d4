import type { Answer, CallView, HopView } from './answer.js'

/**
 * A place in the tree of a walk: a hop with the call that led to it, or a call without a record of its
 * callee.
 */
export interface WalkNode {
  readonly hop: HopView | null
  /** How the caller saw it; null for the entry and for hops that no known call leads to. */
  readonly call: CallView | null
  readonly children: readonly WalkNode[]
}

/**
 * The flat `hops` of an answer as trees, in causal order: the entry first, below each hop its calls in the
 * order in which it made them. Hops that no call leads to (their caller's record is lost) become further
 * roots. Each hop appears once, so records that point at each other make no endless tree.
 */
export function walkTree(answer: Pick<Answer, 'traceId' | 'hops'>): WalkNode[] {
  const unplaced = new Map(answer.hops.map((hop) => [hop.hopId, hop]))
  const called = new Set(
    answer.hops.flatMap((hop) => hop.next.flatMap((call) => [call.hopId, ...(call.attempts ?? [])])),
  )
  const build = (hop: HopView, call: CallView | null): WalkNode => {
    unplaced.delete(hop.hopId)
    return { hop, call, children: hop.next.flatMap((next) => [...besides(next), below(next)]) }
  }
  const below = (call: CallView): WalkNode => {
    const hop = unplaced.get(call.hopId)
    return hop ? build(hop, call) : { hop: null, call, children: [] }
  }
  // Attempts that did not answer came before the attempt that did.
  const besides = (call: CallView): WalkNode[] =>
    (call.attempts ?? []).flatMap((hopId) => {
      const hop = unplaced.get(hopId)
      return hop ? [build(hop, call)] : []
    })
  const entry = unplaced.get(answer.traceId ?? '')
  const roots = entry ? [build(entry, null)] : []
  for (const pass of ['uncalled', 'any'] as const) {
    for (const hop of answer.hops) {
      if (unplaced.has(hop.hopId) && (pass === 'any' || !called.has(hop.hopId))) roots.push(build(hop, null))
    }
  }
  return roots
}
