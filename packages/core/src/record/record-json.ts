import type {
  AttributeValue,
  CallRecord,
  ErrorInfo,
  EventRecord,
  HopRecord,
  InstanceRef,
  ServedBy,
} from './record.js'
import {
  listOf,
  mapOf,
  objectOf,
  oneOf,
  orNull,
  readFlag,
  readHopId,
  readNanos,
  readText,
  readWhole,
  type Reader,
} from './checks.js'

/** More calls or events than a hop may have; a record with more is refused. */
const maxItems = 100_000

const readAttribute: Reader<AttributeValue> = (value) => {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  return readText(65_536)(value)
}

const readAttributes = mapOf(readAttribute, 1000)

const readServedBy = objectOf<ServedBy>({ hopId: readHopId, service: readText(64), address: readText(64) })

/** A service hint or a header that makes no sense does not make the call unreadable. */
const lenient =
  <T>(read: Reader<T>): Reader<T | null> =>
  (value) =>
    value === null ? null : (read(value) ?? null)

const readCall = objectOf<CallRecord>({
  hopId: readHopId,
  target: readText(512),
  service: lenient(readText(64)),
  method: lenient(readText(64)),
  outcome: orNull(readText(128)),
  offsetMicros: readWhole,
  durationMicros: orNull(readWhole),
  servedBy: lenient(readServedBy),
  via: lenient(readText(512)),
  otherKey: lenient(readText(64)),
})

/**
 * A record from anywhere, checked field by field: ids, times and numbers are what the resolver counts on, texts are bounded.
 * Undefined when it is not one. Times may be bigints or decimal text.
 */
export const readRecord: Reader<HopRecord> = objectOf<HopRecord>({
  hopId: readHopId,
  traceId: readHopId,
  service: readText(64),
  instance: objectOf<InstanceRef>({ address: readText(64), worker: readWhole, startNanos: readNanos }),
  state: oneOf('open', 'closed', 'interrupted'),
  startNanos: readNanos,
  durationMicros: orNull(readWhole),
  method: orNull(readText(64)),
  route: orNull(readText(1024)),
  status: orNull(readWhole),
  error: orNull(
    objectOf<ErrorInfo>({ name: readText(256), message: readText(8192), code: orNull(readText(256)) }),
  ),
  aborted: readFlag,
  keys: mapOf(readText(1024), 1000),
  attributes: readAttributes,
  events: listOf(
    objectOf<EventRecord>({ name: readText(256), offsetMicros: readWhole, attributes: readAttributes }),
    maxItems,
  ),
  next: listOf(readCall, maxItems),
  parentSpan: orNull(readText(64)),
  link: orNull(readText(512)),
  assignedId: orNull(readHopId),
  flags: readWhole,
  crash: orNull(readText(8192)),
  shed: readWhole,
  lost: readWhole,
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
