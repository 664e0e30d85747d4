import type { HopId } from '../id/types.js'
import { listOf, objectOf, oneOf, orNull, readFlag, type Reader } from './checks.js'
import type {
  Attributes,
  AttributeValue,
  CallRecord,
  ErrorInfo,
  EventRecord,
  HopRecord,
  InstanceRef,
  ServedBy,
} from './record.js'

/** How the values of a record are read. The fields are the same everywhere. */
export interface ValueReaders {
  readonly id: Reader<HopId>
  /** `max`: characters that a text of this field may have. */
  readonly text: (max: number) => Reader<string>
  readonly number: Reader<number>
  readonly nanos: Reader<bigint>
  readonly attribute: Reader<AttributeValue>
  /** Fields by name, at most `max` of them. */
  readonly named: <T>(read: Reader<T>, max: number) => Reader<Record<string, T>>
  /** A value without which the record still makes sense. */
  readonly hint: <T>(read: Reader<T>) => Reader<T | null>
}

/** More calls or events than a hop may have; a record with more is refused. */
const maxItems = 100_000
const maxNamed = 1000

/** The fields of a record, and nothing else. Undefined when one of them is missing or cannot be read. */
export function recordReader({
  id,
  text,
  number,
  nanos,
  attribute,
  named,
  hint,
}: ValueReaders): Reader<HopRecord> {
  const attributes: Reader<Attributes> = named(attribute, maxNamed)
  return objectOf<HopRecord>({
    hopId: id,
    traceId: id,
    service: text(64),
    instance: objectOf<InstanceRef>({ address: text(64), worker: number, startNanos: nanos }),
    state: oneOf('open', 'closed', 'interrupted'),
    startNanos: nanos,
    durationMicros: orNull(number),
    method: orNull(text(64)),
    route: orNull(text(1024)),
    status: orNull(number),
    error: orNull(objectOf<ErrorInfo>({ name: text(256), message: text(8192), code: orNull(text(256)) })),
    aborted: readFlag,
    keys: named(text(1024), maxNamed),
    attributes,
    events: listOf(objectOf<EventRecord>({ name: text(256), offsetMicros: number, attributes }), maxItems),
    next: listOf(
      objectOf<CallRecord>({
        hopId: id,
        target: text(512),
        service: hint(text(64)),
        method: hint(text(64)),
        outcome: orNull(text(128)),
        offsetMicros: number,
        durationMicros: orNull(number),
        servedBy: hint(objectOf<ServedBy>({ hopId: id, service: text(64), address: text(64) })),
        via: hint(text(512)),
        otherKey: hint(text(64)),
      }),
      maxItems,
    ),
    parentSpan: orNull(text(64)),
    link: orNull(text(512)),
    assignedId: orNull(id),
    flags: number,
    crash: orNull(text(8192)),
    shed: number,
    lost: number,
  })
}
