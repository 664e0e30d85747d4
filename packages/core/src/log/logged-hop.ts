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

/** A call, from the entries read so far. */
export class LoggedCall implements CallRecord {
  outcome: string | null = null
  durationMicros: number | null = null
  servedBy: ServedBy | null = null
  via: string | null = null
  otherKey: string | null = null

  constructor(
    /**
     * The local number of the hop when it made the call, and the call's index among the calls of that number.
     */
    readonly number: number,
    readonly index: number,
    readonly hopId: HopId,
    readonly target: string,
    readonly service: string | null,
    readonly method: string | null,
    readonly offsetMicros: number,
  ) {}
}

/** Shared by all hops without items, which are most of them. Replaced before the first item is added. */
export const noFields: Record<string, never> = Object.freeze({})
export const noItems: never[] = Object.freeze([]) as never[]

/** A record under construction. */
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

/** A hop of the log, with the state of its shipping. */
export class LoggedHop {
  /** Counts the entries that changed the record. */
  version = 0
  /** The version that the store has acknowledged; -1 for none. */
  shippedVersion = -1
  /** Calls without an outcome so far. */
  pendingCalls = 0
  /** The store does not have its key rows yet. */
  keysPending = false
  /** Further local numbers, if the hop continued after it had closed. */
  moreNumbers: number[] | undefined
  /** It comes from a checkpoint, with all entries of the log up to there. */
  restored = false
  /** Entries read under its current number; the writer counts them too. */
  entries = 0
  /** Entries written under that number and not read. */
  missed = 0
  /** The damage of the log when the hop was opened: later damage may have hit the hop. */
  damageBefore = 0
  /** It was opened again. */
  reopened = false
  /** Its possible loss is counted already. */
  doubted = false
  /** Made when needed; under number 0 the last call of each index. */
  private calls: Map<string, LoggedCall> | undefined
  /**
   * The log contains this hop's opening after a mark that it started before, so it was already logged once.
   * Earlier entries, perhaps its close, may have been shipped and deleted.
   */
  continued = false

  constructor(
    readonly record: LoggedRecord,
    readonly number: number,
    /** Milliseconds of the time in its id, which determines its window. */
    readonly idMillis: number,
    /** The file that contains its opening. */
    readonly firstFile: number,
  ) {}

  /**
   * The call with this index among the calls of a local number. A hop that was opened again ends earlier
   * calls under its new number. In that case it is the last call with this index, if that has no outcome.
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

  /** No more entries are expected for it. */
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
