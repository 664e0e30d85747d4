import type { EvidenceTree } from './evidence.js'

/**
 * When each hop began, on the entry's clock: clocks of hosts differ, but a callee begins between the start of its call and
 * the call's end. Its own clock is believed within these bounds. Nanoseconds since the epoch, one for each hop.
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
      const room = made.durationMicros === null ? null : BigInt(made.durationMicros) * 1000n
      // The callee's whole work lies within an answered call; it may outlast one that was given up.
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
