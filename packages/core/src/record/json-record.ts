import type { HopId } from '../id/types.js'
import type { HopRecord } from './record.js'
import { badSegment } from './damage.js'
import { orNull, type Reader } from './checks.js'
import { recordReader } from './record-fields.js'

/** Names are data: they travel as values, as `JSON.parse` of some versions of Node mixes up property names with escapes. */
type Listed = readonly (readonly [name: string, value: unknown])[]

/**
 * A record that does not fit the columns (a malformed id, a fraction of a microsecond, another instance's) as JSON, so that
 * nothing that was logged is ever refused. Times are decimal text, keys and attributes lists of names and values; numbers that
 * JSON has not are `["NaN"]`, `["-0"]`, ….
 */
export function recordToJson(record: HopRecord): string {
  const { keys, attributes, events } = record
  const listed = {
    ...record,
    keys: Object.entries(keys) satisfies Listed,
    attributes: Object.entries(attributes) satisfies Listed,
    events: events.map((event) => ({
      ...event,
      attributes: Object.entries(event.attributes) satisfies Listed,
    })),
  }
  return JSON.stringify(listed, (_, value: unknown) => {
    if (typeof value === 'bigint') return value.toString()
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
      return [Object.is(value, -0) ? '-0' : String(value)]
    }
    return value
  })
}

const readText: Reader<string> = (value) => (typeof value === 'string' ? value : undefined)

/** As it was stored, whatever is in it. */
const readStored = recordReader({
  id: readText as Reader<HopId>,
  text: () => readText,
  number: (value) => (typeof value === 'number' ? value : undefined),
  nanos: (value) => (typeof value === 'string' && /^-?[0-9]{1,24}$/.test(value) ? BigInt(value) : undefined),
  attribute: (value) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined,
  named: namedBy,
  hint: orNull,
})

/** A list of names and values, all of them readable. */
function namedBy<T>(read: Reader<T>): Reader<Record<string, T>> {
  return (value) => {
    if (!Array.isArray(value)) return undefined
    const pairs: [string, T][] = []
    for (const item of value as unknown[]) {
      if (!Array.isArray(item) || item.length !== 2 || typeof item[0] !== 'string') return undefined
      const good = read(item[1])
      if (good === undefined) return undefined
      pairs.push([item[0], good])
    }
    return Object.fromEntries(pairs)
  }
}

/** The other way; what is not a record is a `HOPTRACE_BAD_SEGMENT`. */
export function recordFromJson(text: string): HopRecord {
  let value: unknown
  try {
    value = JSON.parse(text, (_, item: unknown) =>
      Array.isArray(item) && item.length === 1 && typeof item[0] === 'string' ? Number(item[0]) : item,
    )
  } catch (cause) {
    throw badSegment('a record is not JSON', cause)
  }
  const record = readStored(value)
  if (record === undefined) throw badSegment('a record lacks a field')
  return record
}
