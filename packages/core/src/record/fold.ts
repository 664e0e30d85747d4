import type { CallRecord, EventRecord, HopRecord } from './record.js'

const rank = { open: 0, interrupted: 1, closed: 2 } as const

/**
 * The version of one hop that stands: closed before interrupted before open, and among equals the one that lost less, then the one that knows more
 * (calls, their outcomes, events, keys, attributes, less shed). What only the other knows is added to it: work that a hop
 * did behind its response is recorded in a version of its own. The order of the arguments does not matter.
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

/** `stands`, with what only `other` knows. The same object when that is nothing. */
function joined(stands: HopRecord, other: HopRecord): HopRecord {
  const next = joinedCalls(stands.next, other.next)
  const events = joinedEvents(stands.events, other.events)
  const keys = hasMore(stands.keys, other.keys) ? { ...other.keys, ...stands.keys } : stands.keys
  const attributes = hasMore(stands.attributes, other.attributes)
    ? { ...other.attributes, ...stands.attributes }
    : stands.attributes
  const same =
    next === stands.next &&
    events === stands.events &&
    keys === stands.keys &&
    attributes === stands.attributes
  return same ? stands : { ...stands, next, events, keys, attributes }
}

function joinedCalls(stands: readonly CallRecord[], other: readonly CallRecord[]): readonly CallRecord[] {
  if (other.length === 0) return stands
  const known = new Map(stands.map((call) => [call.hopId, call]))
  let changed = false
  for (const call of other) {
    const mine = known.get(call.hopId)
    if (mine !== undefined && (mine.outcome !== null || call.outcome === null)) continue
    known.set(call.hopId, call)
    changed = true
  }
  if (!changed) return stands
  return [...known.values()].sort((x, y) => x.offsetMicros - y.offsetMicros || (x.hopId < y.hopId ? -1 : 1))
}

function joinedEvents(stands: readonly EventRecord[], other: readonly EventRecord[]): readonly EventRecord[] {
  if (other.length === 0) return stands
  const nameOf = (event: EventRecord): string => `${event.offsetMicros} ${event.name}`
  const known = new Set(stands.map(nameOf))
  const more = other.filter((event) => !known.has(nameOf(event)))
  if (more.length === 0) return stands
  return [...stands, ...more].sort(
    (x, y) => x.offsetMicros - y.offsetMicros || (x.name < y.name ? -1 : x.name > y.name ? 1 : 0),
  )
}

function hasMore(
  stands: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): boolean {
  return Object.keys(other).some((name) => !Object.hasOwn(stands, name))
}
