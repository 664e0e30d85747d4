import type { Answer, CallView, HopView } from './answer.js'

/** A place in the tree of a walk: a hop with the call that led to it, or a call whose callee left no record. */
export interface WalkNode {
  readonly hop: HopView | null
  /** How the caller saw it; null for the entry and for hops that nothing found leads to. */
  readonly call: CallView | null
  readonly children: readonly WalkNode[]
}

/**
 * The flat `hops` of an answer as trees, in causal order: the entry first, below each hop its calls as it made them.
 * Hops that no call leads to (a caller whose record is lost) become further roots. Each hop appears once, whatever
 * `next` claims, so records that point at each other end.
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
  // The attempts that came to nothing were made before the one that counts.
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
