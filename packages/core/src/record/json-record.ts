import type { HopRecord } from './record.js'
import { badSegment } from './damage.js'
import { checkRecord } from './check-record.js'

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
  return checkRecord(value)
}
