import type {
  AttributeValue,
  CallRecord,
  ErrorInfo,
  EventRecord,
  HopRecord,
  HopState,
  InstanceRef,
  ServedBy,
} from '../hop/record.js'
import type { HopId, TraceId } from '../id/types.js'

/** A call as the log told it so far. */
export class LoggedCall implements CallRecord {
  outcome: string | null = null
  durationMicros: number | null = null
  servedBy: ServedBy | null = null
  via: string | null = null
  otherKey: string | null = null

  constructor(
    /** The local number that the hop had when it made the call, and the call's place among that number's calls. */
    readonly number: number,
    readonly index: number,
    readonly hopId: HopId,
    readonly target: string,
    readonly service: string | null,
    readonly method: string | null,
    readonly offsetMicros: number,
  ) {}
}

/** Shared by all hops that have none, as most of them stay. Replaced before the first is added. */
export const noFields: Record<string, never> = Object.freeze({})
export const noItems: never[] = Object.freeze([]) as never[]

/** A record that is still being put together. */
export class LoggedRecord implements HopRecord {
  state: HopState = 'open'
  durationMicros: number | null = null
  route: string | null = null
  status: number | null = null
  error: ErrorInfo | null = null
  aborted = false
  keys: Record<string, string> = noFields
  attributes: Record<string, AttributeValue> = noFields
  events: EventRecord[] = noItems
  next: LoggedCall[] = noItems
  crash: string | null = null
  shed = 0
  lost = 0

  constructor(
    readonly hopId: HopId,
    readonly traceId: TraceId,
    readonly service: string,
    readonly instance: InstanceRef,
    readonly startNanos: bigint,
    readonly method: string | null,
    readonly parentSpan: string | null,
    readonly link: string | null,
    readonly assignedId: HopId | null,
    readonly flags: number,
  ) {}
}

/** A hop of the log and what has become of it. */
export class LoggedHop {
  /** Counts the entries that made the record what it is. */
  version = 0
  /** The version that the store has acknowledged; -1 for none. */
  shippedVersion = -1
  /** Calls whose end is not known. */
  pendingCalls = 0
  /** Its key rows are not in the store. */
  keysPending = false
  /** More local numbers, when it was continued after it had closed. */
  moreNumbers: number[] | undefined
  /** It came out of a checkpoint, with everything that the log says up to there. */
  restored = false
  /** It began before a mark and stands behind it: the log knew it before. What followed then (its close?) may be shipped and gone. */
  continued = false

  constructor(
    readonly record: LoggedRecord,
    readonly number: number,
    /** Milliseconds of the time in its id: its window is a multiple of these. */
    readonly idMillis: number,
    /** The file that opened it. */
    readonly firstFile: number,
  ) {}

  get dirty(): boolean {
    return this.version !== this.shippedVersion
  }

  /** Nothing more is expected of it. */
  get complete(): boolean {
    const { state } = this.record
    return state === 'interrupted' || (state === 'closed' && this.pendingCalls === 0)
  }
}

/** A copy that later entries do not change. */
export function snapshotRecord(record: HopRecord): HopRecord {
  return {
    ...record,
    keys: { ...record.keys },
    attributes: { ...record.attributes },
    events: [...record.events],
    next: record.next.map(
      ({
        hopId,
        target,
        service,
        method,
        outcome,
        offsetMicros,
        durationMicros,
        servedBy,
        via,
        otherKey,
      }) => ({
        hopId,
        target,
        service,
        method,
        outcome,
        offsetMicros,
        durationMicros,
        servedBy,
        via,
        otherKey,
      }),
    ),
  }
}
