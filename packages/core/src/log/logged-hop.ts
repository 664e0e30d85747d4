import type {
  AttributeValue,
  CallRecord,
  ErrorInfo,
  EventRecord,
  HopRecord,
  HopState,
  InstanceRef,
  ServedBy,
} from '../record/record.js'
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
  /** Entries that were read under the number that it has now; the writer counts them, too. */
  entries = 0
  /** Entries under that number that were written and not read. */
  missed = 0
  /** The damage of the log when the hop was opened: more of it may have been the hop's. */
  damageBefore = 0
  /** It was opened once more. */
  reopened = false
  /** It was said that some of it may be lost. */
  doubted = false
  /** Made when it is needed; under number 0 the last call of each place. */
  private calls: Map<string, LoggedCall> | undefined
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

  /**
   * The call that a local number of the hop made as its so manieth. A hop that was opened once more ends calls of before under
   * its new number: then it is the last one of that place, if its end is not known.
   */
  callAt(number: number, index: number): LoggedCall | undefined {
    const { next } = this.record
    const likely = next[index]
    if (likely?.index === index && likely.number === number) return likely
    if (this.calls === undefined) {
      this.calls = new Map()
      for (const call of next) this.indexCall(call)
    }
    const exact = this.calls.get(placeOf(number, index))
    if (exact !== undefined) return exact
    const last = this.calls.get(placeOf(0, index))
    return last?.outcome === null ? last : undefined
  }

  private indexCall(call: LoggedCall): void {
    this.calls?.set(placeOf(call.number, call.index), call)
    this.calls?.set(placeOf(0, call.index), call)
  }

  addCall(call: LoggedCall): void {
    const { record } = this
    if (record.next === noItems) record.next = [call]
    else record.next.push(call)
    this.indexCall(call)
    this.pendingCalls++
  }

  get dirty(): boolean {
    return this.version !== this.shippedVersion
  }

  /** Nothing more is expected of it. */
  get complete(): boolean {
    const { state } = this.record
    return state === 'interrupted' || (state === 'closed' && this.pendingCalls === 0)
  }
}

const placeOf = (number: number, index: number): string => `${number} ${index}`

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
