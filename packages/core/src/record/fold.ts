import type { CallRecord, EventRecord, HopRecord } from './record.js'

const rank = { open: 0, interrupted: 1, closed: 2 } as const

/**
 * Folds two versions of one hop. Closed wins over interrupted, interrupted over open; among equals, the
 * version with fewer lost entries wins, then the more complete one (calls, their outcomes, events, keys,
 * attributes, less shed). Items that only the other version has are added, because work after the response is
 * in a separate version. The order of the arguments does not matter.
 */
export function foldVersions(a: HopRecord, b: HopRecord): HopRecord {
  const left = knowledge(a)
  const right = knowledge(b)
  for (let i = 0; i < left.length; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference > 0 ? joined(a, b) : joined(b, a)
  }
  return joined(a, b)
}

function knowledge(record: HopRecord): number[] {
  return [
    rank[record.state],
    -record.lost,
    record.next.length,
    record.next.filter((call) => call.outcome !== null).length,
    record.next.filter((call) => call.servedBy !== null).length,
    record.events.length,
    Object.keys(record.keys).length,
    Object.keys(record.attributes).length,
    -record.shed,
  ]
}

/** `winner`, with the items that only `other` has. The same object if there are none. */
function joined(winner: HopRecord, other: HopRecord): HopRecord {
  const next = joinedCalls(winner.next, other.next)
  const events = joinedEvents(winner.events, other.events)
  const keys = hasMore(winner.keys, other.keys) ? { ...other.keys, ...winner.keys } : winner.keys
  const attributes = hasMore(winner.attributes, other.attributes)
    ? { ...other.attributes, ...winner.attributes }
    : winner.attributes
  const same =
    next === winner.next &&
    events === winner.events &&
    keys === winner.keys &&
    attributes === winner.attributes
  return same ? winner : { ...winner, next, events, keys, attributes }
}

function joinedCalls(winner: readonly CallRecord[], other: readonly CallRecord[]): readonly CallRecord[] {
  if (other.length === 0) return winner
  const known = new Map(winner.map((call) => [call.hopId, call]))
  let changed = false
  for (const call of other) {
    const mine = known.get(call.hopId)
    if (mine !== undefined && (mine.outcome !== null || call.outcome === null)) continue
    known.set(call.hopId, call)
    changed = true
  }
  if (!changed) return winner
  return [...known.values()].sort((x, y) => x.offsetMicros - y.offsetMicros || (x.hopId < y.hopId ? -1 : 1))
}

function joinedEvents(winner: readonly EventRecord[], other: readonly EventRecord[]): readonly EventRecord[] {
  if (other.length === 0) return winner
  const nameOf = (event: EventRecord): string => `${event.offsetMicros} ${event.name}`
  const known = new Set(winner.map(nameOf))
  const more = other.filter((event) => !known.has(nameOf(event)))
  if (more.length === 0) return winner
  return [...winner, ...more].sort(
    (x, y) => x.offsetMicros - y.offsetMicros || (x.name < y.name ? -1 : x.name > y.name ? 1 : 0),
  )
}

function hasMore(
  winner: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): boolean {
  return Object.keys(other).some((name) => !Object.hasOwn(winner, name))
}
