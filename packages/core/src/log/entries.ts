import type { Attributes, ErrorInfo, ServedBy } from '../record/record.js'
import type { HopId, TraceId } from '../id/types.js'

/**
 * What the log needs of a hop. `logNumber` belongs to the log: 0 until the hop's first entry is appended. So do `loggedRoute`:
 * the route that stands in the log under that number, `rerouted`: it is not the first that does, and `loggedEntries`.
 */
export interface LogHop {
  readonly id: HopId
  readonly traceId: TraceId
  readonly startNanos: bigint
  readonly method: string | null
  readonly parentSpan: string | null
  readonly link: string | null
  readonly assignedId: HopId | null
  readonly flags: number
  /** The route's template as far as it is known now. Asked for as the hop goes on; does not throw. */
  readonly route: string | null
  logNumber: number
  loggedRoute: string | null
  rerouted: boolean
  /** Entries of it under `logNumber`. */
  loggedEntries: number
}

/** A call about to leave. `index` is its place in the hop's `next`, from 0. */
export interface LogCall {
  readonly index: number
  readonly hopId: HopId
  readonly target: string
  readonly service: string | null
  readonly method: string | null
  readonly via: string | null
  readonly offsetMicros: number
}

/** How a call ended. */
export interface LogCallEnd {
  readonly index: number
  readonly outcome: string
  readonly durationMicros: number
  readonly servedBy: ServedBy | null
  /** Eight hex digits. */
  readonly otherKey: string | null
}

/** How a hop ended. */
export interface LogClose {
  readonly durationMicros: number
  readonly route: string | null
  readonly status: number | null
  readonly error: ErrorInfo | null
  readonly aborted: boolean
  readonly shed: number
}

/**
 * The request path's side of the log. No method throws, waits, or compresses; each returns whether the entry was kept.
 * What could not be kept is counted, and the range of ids it belongs to is marked as dropped.
 * "Now" entries are in the kernel when the method returns, so they survive the death of the process.
 * "Deferred" entries ride with the next "now" entry of any hop, or with `mark`.
 * Any first entry of a hop opens it in the log. The route goes along with the first "now" entry that knows it, or knows another.
 */
export interface HopLog {
  /** Now: a hop that is open for long. */
  open(hop: LogHop): boolean
  /** Now: before the call's request leaves. */
  call(hop: LogHop, call: LogCall): boolean
  /** Deferred. */
  callEnd(hop: LogHop, end: LogCallEnd): boolean
  /** Now. */
  event(hop: LogHop, name: string, offsetMicros: number, attributes: Attributes): boolean
  /** Now. */
  key(hop: LogHop, name: string, value: string): boolean
  /** Deferred. */
  attributes(hop: LogHop, attributes: Attributes): boolean
  /** Now: before the last byte of the response leaves. */
  close(hop: LogHop, close: LogClose): boolean
  /** Now: every hop that began up to `nanos` is in the log or closed. Proof of life of the request path. */
  mark(nanos: bigint): void
  /** Now: what the header says of the run has changed. */
  describe(): void
  /** Now: why this process is about to end. */
  crash(reason: string): void
  /** The process ends in order: everything is in the log. */
  end(): void
  stats(): HopLogStats
}

export interface HopLogStats {
  /** Hops whose first entry was kept. */
  readonly appended: number
  /** Hops of which an entry that matters (open, call, close) could not be kept. */
  readonly dropped: number
  /** Attributes and events left out under pressure. */
  readonly shed: number
  /** Failed writes. */
  readonly errors: number
  /** Bytes appended by this run. */
  readonly bytes: number
}
