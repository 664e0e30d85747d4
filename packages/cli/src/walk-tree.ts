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
 * roots. Each hop appears once, so records that point at each other make no endless tree. Hops
 * with one id come in their order: the hop that counts for its call first.
 */
export function walkTree(answer: Pick<Answer, 'traceId' | 'hops'>): WalkNode[] {
  const unplaced = new Map<string, HopView[]>()
  for (const hop of answer.hops) unplaced.set(hop.hopId, [...(unplaced.get(hop.hopId) ?? []), hop])
  const called = new Set(
    answer.hops.flatMap((hop) => hop.next.flatMap((call) => [call.hopId, ...(call.attempts ?? [])])),
  )
  const build = (hop: HopView, call: CallView | null): WalkNode => {
    const children = hop.next.flatMap((next) => {
      const main = take(next.hopId)
      return [...besides(next), main ? build(main, next) : { hop: null, call: next, children: [] }]
    })
    return { hop, call, children }
  }
  const take = (hopId: string): HopView | undefined => unplaced.get(hopId)?.shift()
  // Attempts that did not answer came before the attempt that did.
  const besides = (call: CallView): WalkNode[] =>
    (call.attempts ?? []).flatMap((hopId) => {
      const hop = take(hopId)
      return hop ? [build(hop, call)] : []
    })
  const entry = take(answer.traceId ?? '')
  const roots = entry ? [build(entry, null)] : []
  for (const pass of ['uncalled', 'any'] as const) {
    for (const { hopId } of answer.hops) {
      const hop = pass === 'any' || !called.has(hopId) ? take(hopId) : undefined
      if (hop) roots.push(build(hop, null))
    }
  }
  return roots
}
