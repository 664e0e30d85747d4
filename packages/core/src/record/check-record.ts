import type {
  AttributeValue,
  CallRecord,
  ErrorInfo,
  EventRecord,
  HopRecord,
  InstanceRef,
  ServedBy,
} from './record.js'
import { badSegment } from './damage.js'

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isNumber: Check = (value) => typeof value === 'number'
const isFlag: Check = (value) => typeof value === 'boolean'
const isTime: Check = (value) => typeof value === 'string' && /^-?[0-9]{1,24}$/.test(value)
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
/** A list of names and values. */
const mapOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) &&
    value.every((item) => Array.isArray(item) && item.length === 2 && isText(item[0]) && check(item[1]))

function fields<T>(checks: { [K in keyof T]: Check }): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null) return false
    return Object.entries(checks).every(([name, check]) =>
      (check as Check)((value as Record<string, unknown>)[name]),
    )
  }
}

const isAttributes = mapOf((value) => isText(value) || isNumber(value) || isFlag(value))

const isRecord = fields<HopRecord>({
  hopId: isText,
  traceId: isText,
  service: isText,
  instance: fields<InstanceRef>({ address: isText, worker: isNumber, startNanos: isTime }),
  state: (value) => value === 'open' || value === 'closed' || value === 'interrupted',
  startNanos: isTime,
  durationMicros: orNull(isNumber),
  method: orNull(isText),
  route: orNull(isText),
  status: orNull(isNumber),
  error: orNull(fields<ErrorInfo>({ name: isText, message: isText, code: orNull(isText) })),
  aborted: isFlag,
  keys: mapOf(isText),
  attributes: isAttributes,
  events: listOf(fields<EventRecord>({ name: isText, offsetMicros: isNumber, attributes: isAttributes })),
  next: listOf(
    fields<CallRecord>({
      hopId: isText,
      target: isText,
      service: orNull(isText),
      method: orNull(isText),
      outcome: orNull(isText),
      offsetMicros: isNumber,
      durationMicros: orNull(isNumber),
      servedBy: orNull(fields<ServedBy>({ hopId: isText, service: isText, address: isText })),
      via: orNull(isText),
      otherKey: orNull(isText),
    }),
  ),
  parentSpan: orNull(isText),
  link: orNull(isText),
  assignedId: orNull(isText),
  flags: isNumber,
  crash: orNull(isText),
  shed: isNumber,
  lost: isNumber,
})

type Stored<T> = { [K in keyof T]: T[K] extends bigint ? string : T[K] }

type Entries<T> = readonly (readonly [name: string, value: T])[]

/** A record as JSON has it. */
interface StoredRecord extends Stored<Omit<HopRecord, 'instance' | 'keys' | 'attributes' | 'events'>> {
  readonly instance: Stored<InstanceRef>
  readonly keys: Entries<string>
  readonly attributes: Entries<AttributeValue>
  readonly events: readonly (Omit<EventRecord, 'attributes'> & {
    readonly attributes: Entries<AttributeValue>
  })[]
}

/** A record out of parsed JSON, its times turned back; anything else is a `HOPTRACE_BAD_SEGMENT`. */
export function checkRecord(value: unknown): HopRecord {
  if (!isRecord(value)) throw badSegment('a record lacks a field')
  const stored = value as StoredRecord
  return {
    ...stored,
    instance: { ...stored.instance, startNanos: BigInt(stored.instance.startNanos) },
    startNanos: BigInt(stored.startNanos),
    keys: Object.fromEntries(stored.keys),
    attributes: Object.fromEntries(stored.attributes),
    events: stored.events.map((event) => ({ ...event, attributes: Object.fromEntries(event.attributes) })),
  }
}
