import type { HopRecord } from '../hop/record.js'

const rank = { open: 0, interrupted: 1, closed: 2 } as const

/**
 * The version of one hop that stands: closed before interrupted before open, and among equals the one that knows more
 * (calls, their outcomes, events, keys, attributes, less shed). The order of the arguments does not matter.
 */
export function foldVersions(a: HopRecord, b: HopRecord): HopRecord {
  const left = knowledge(a)
  const right = knowledge(b)
  for (let i = 0; i < left.length; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference > 0 ? a : b
  }
  return a
}

function knowledge(record: HopRecord): number[] {
  return [
    rank[record.state],
    record.next.length,
    record.next.filter((call) => call.outcome !== null).length,
    record.next.filter((call) => call.servedBy !== null).length,
    record.events.length,
    Object.keys(record.keys).length,
    Object.keys(record.attributes).length,
    -record.shed,
  ]
}
