import { mapOf, readHopId, readNanos, readText, readWhole, type Reader } from './checks.js'
import { recordReader } from './record-fields.js'
import type { AttributeValue, HopRecord } from './record.js'

const readAttribute: Reader<AttributeValue> = (value) => {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  return readText(65_536)(value)
}

/**
 * A record from anywhere, checked field by field: ids, times and numbers are what the resolver counts on, texts are bounded.
 * Undefined when it is not one. Times may be bigints or decimal text.
 */
export const readRecord: Reader<HopRecord> = recordReader({
  id: readHopId,
  text: readText,
  number: readWhole,
  nanos: readNanos,
  attribute: readAttribute,
  named: (read, max) => mapOf(read, max),
  // A service hint or a header that makes no sense does not make the call unreadable.
  hint: (read) => (value) => (value === null ? null : (read(value) ?? null)),
})

/**
 * JSON of anything with bigints and records in it: bigints become decimal text, and the keys and attributes of records lists of
 * names and values. Names are data, and `JSON.parse` of some versions of Node mixes up property names with escapes.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (member, item: unknown) => {
    if (typeof item === 'bigint') return item.toString()
    const named = (member === 'keys' || member === 'attributes') && typeof item === 'object' && item !== null
    return named && !Array.isArray(item) ? Object.entries(item) : item
  })
}
