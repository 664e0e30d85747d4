import { isMessage } from '../../record/destination.js'
import { calleesOf } from './attempts.js'
import type { EvidenceTree } from './evidence.js'

/**
 * When each hop began, on the entry's clock: clocks of hosts differ, but a callee begins between the start of
 * its call and the call's end. Its own clock is believed within these bounds. Nanoseconds since the epoch,
 * one for each hop.
 */
export function causalStarts({ hops }: EvidenceTree): bigint[] {
  const starts: bigint[] = []
  const shifts: bigint[] = []
  for (const { record, parent, call } of hops) {
    const shift = parent === null ? 0n : (shifts[parent] ?? 0n)
    const made = parent === null || call === null ? undefined : hops[parent]?.record.next[call]
    let start = record.startNanos + shift
    if (parent !== null && made !== undefined) {
      const from = (starts[parent] ?? 0n) + BigInt(made.offsetMicros) * 1000n
      // A message is taken at any time after it was sent.
      const room =
        made.durationMicros === null || isMessage(made) ? null : BigInt(made.durationMicros) * 1000n
      // The callee's work is entirely within an answered call, but may outlast a call that timed out.
      const work = BigInt(record.durationMicros ?? 0) * 1000n
      const until = room === null ? null : from + (work <= room ? room - work : room)
      if (until !== null && start > until) start = until
      if (start < from) start = from
    }
    starts.push(start)
    shifts.push(start - record.startNanos)
  }
  return starts
}

/** One thing that a hop did: an event, or a call that led to another hop. */
interface Deed {
  readonly offsetMicros: number
  readonly index: number
  /** The hop that was called; null for an event. */
  readonly callee: number | null
}

/**
 * The rank of every event, by hop, in an order in which nothing precedes its cause: the events of a callee
 * come where the call was made. It decides between events with equal times.
 */
export function causalRanks({ hops }: EvidenceTree): number[][] {
  const ranks: number[][] = hops.map(({ record }) => record.events.map(() => 0))
  let rank = 0
  const stack = hops.length === 0 ? [] : [{ node: 0, deeds: deedsOf({ hops }, 0), at: 0 }]
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const deed = top.deeds[top.at++]
    if (deed === undefined) stack.pop()
    else if (deed.callee === null) (ranks[top.node] as number[])[deed.index] = rank++
    else stack.push({ node: deed.callee, deeds: deedsOf({ hops }, deed.callee), at: 0 })
  }
  return ranks
}

function deedsOf({ hops }: Pick<EvidenceTree, 'hops'>, node: number): Deed[] {
  const hop = hops[node]
  if (hop === undefined) return []
  const deeds: Deed[] = hop.record.events.map(({ offsetMicros }, index) => ({
    offsetMicros,
    index,
    callee: null,
  }))
  const callees = calleesOf(hop)
  for (const [index, { offsetMicros }] of hop.record.next.entries())
    for (const callee of callees(index)) deeds.push({ offsetMicros, index, callee })
  const isCall = (deed: Deed): number => Number(deed.callee !== null)
  return deeds.sort((a, b) => a.offsetMicros - b.offsetMicros || isCall(a) - isCall(b) || a.index - b.index)
}
