import type { Attributes, ErrorInfo, ServedBy } from '../record/record.js'
import type { HopId, TraceId } from '../id/types.js'
import type { DroppedRange } from '../record/instance-row.js'

/**
 * The part of a hop that the log needs. The log owns four fields. `logNumber`: 0 until the hop's first entry
 * is appended. `loggedRoute`: the route in the log under that number. `rerouted`: an earlier entry had
 * another route. `loggedEntries`: see below.
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
  /** The route's template as known so far. The log reads it with each entry; the getter does not throw. */
  readonly route: string | null
  logNumber: number
  loggedRoute: string | null
  rerouted: boolean
  /** The number of the hop's entries under `logNumber`. */
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
 * The request path's side of the log. No method throws, waits, or compresses; each returns whether the entry
 * was kept. The log counts what it drops, and marks the range of ids as dropped. A "now" entry is in the
 * kernel when the method returns, so it survives the death of the process. A "deferred" entry is written with
 * the next "now" entry of any hop, or with `mark`. The first entry of a hop opens it in the log. The first
 * "now" entry that knows the route, or another route, carries it.
 */
export interface HopLog {
  /** Now: for a hop that stays open. */
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
  /**
   * Now: every hop that began up to `nanos` is in the log or closed. It also proves that the request path is
   * alive.
   */
  mark(nanos: bigint): void
  /** Now: the header's description of the run has changed. */
  describe(): void
  /** Now: why this process is about to end. */
  crash(reason: string): void
  /** The process ends properly: everything is in the log. */
  end(): void
  stats(): HopLogStats
}

export interface HopLogStats {
  /** Hops with a kept first entry. */
  readonly appended: number
  /** Hops with a lost essential entry (open, call, close). */
  readonly dropped: number
  /** Attributes and events left out under pressure. */
  readonly shed: number
  /** Failed writes. */
  readonly errors: number
  /** Bytes appended by this run. */
  readonly bytes: number
  /** What was dropped since the log could last say so: while a disk is full it cannot. Left out when there is nothing. */
  readonly unsaid?: DroppedRange | undefined
}
