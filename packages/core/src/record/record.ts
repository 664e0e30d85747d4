import type { HopId, TraceId } from '../id/types.js'

/** `closed`: it answered. `interrupted`: its process ended first. `open`: neither is known yet. */
export type HopState = 'open' | 'closed' | 'interrupted'

/** Values that attributes may have; others are turned into text where they are recorded. */
export type AttributeValue = string | number | boolean

export type Attributes = Readonly<Record<string, AttributeValue>>

/** A thrown error as it is recorded: bounded text, no stack. */
export interface ErrorInfo {
  readonly name: string
  readonly message: string
  readonly code: string | null
}

/** A named point in a hop. */
export interface EventRecord {
  readonly name: string
  /** Microseconds since the hop started. */
  readonly offsetMicros: number
  readonly attributes: Attributes
}

/**
 * The instance that really answered a call, as its response header said. Hostile input: well formed, not
 * more.
 */
export interface ServedBy {
  readonly hopId: HopId
  readonly service: string
  /** `ip:port` */
  readonly address: string
}

/** `ServedBy.service` where the answer gave no name. */
export const unnamed = 'unknown'

/** The service that a call led to, according to its caller. */
export function namedService({ servedBy, service }: Pick<CallRecord, 'servedBy' | 'service'>): string | null {
  return servedBy === null || servedBy.service === unnamed ? service : servedBy.service
}

/** One outgoing request of a hop: its entry in `next`. */
export interface CallRecord {
  /** The id that the caller issued for its callee. */
  readonly hopId: HopId
  /** `host:port` as dialled. */
  readonly target: string
  /** The service expected at `target` from earlier answers, or null. `servedBy` is certain. */
  readonly service: string | null
  readonly method: string | null
  /** An HTTP status as text, or an error's code (`ECONNRESET`, `ETIMEDOUT`, …), or null while unknown. */
  readonly outcome: string | null
  /** Microseconds since the hop started. */
  readonly offsetMicros: number
  readonly durationMicros: number | null
  readonly servedBy: ServedBy | null
  /**
   * What was dialled in place of `target`: a forward proxy (`host:port`) or a socket (`unix:/path`). Null for
   * `target` itself.
   */
  readonly via: string | null
  /** Fingerprint (8 hex digits) of another cluster key, when the callee answered under one. */
  readonly otherKey: string | null
}

/** The process that a hop ran in. Two runs on one address differ in `startNanos`. */
export interface InstanceRef {
  /** `ip:port`; one out of 241.0.0.0/8 for a process that does not listen. */
  readonly address: string
  /** Worker number in cluster mode: 0-255. */
  readonly worker: number
  /** When this run began, nanoseconds since the Unix epoch. */
  readonly startNanos: bigint
}

/**
 * What one service instance says about one request that it handled: the unit that is logged, shipped, stored
 * and resolved. A record is about its owner only. Several versions of one HopId may exist (open, then
 * closed); see `foldVersions`.
 */
export interface HopRecord {
  readonly hopId: HopId
  readonly traceId: TraceId
  readonly service: string
  readonly instance: InstanceRef
  readonly state: HopState
  /** When the hop began by its own clock. The id's time is the caller's clock when the caller issued it. */
  readonly startNanos: bigint
  /** Null while open or interrupted. */
  readonly durationMicros: number | null
  /** HTTP method, or the method of `tracer.run`. */
  readonly method: string | null
  /** Route template, never the raw path. */
  readonly route: string | null
  readonly status: number | null
  readonly error: ErrorInfo | null
  /** True when the caller went away before the answer. */
  readonly aborted: boolean
  readonly keys: Readonly<Record<string, string>>
  readonly attributes: Attributes
  readonly events: readonly EventRecord[]
  readonly next: readonly CallRecord[]
  /** W3C parent-id (16 hex) of a span between the caller and this hop that is not ours. */
  readonly parentSpan: string | null
  /** The `traceparent` of a trace that was not continued, because its sender is not trusted; or null. */
  readonly link: string | null
  /**
   * The id that the caller had assigned when this hop did not take it as its own (skew, a span between), or
   * null.
   */
  readonly assignedId: HopId | null
  /** W3C trace-flags as they came. */
  readonly flags: number
  /** Why the process ended, for `interrupted` hops where it could still tell. */
  readonly crash: string | null
  /** Details (attributes, events) that were shed under pressure. */
  readonly shed: number
  /**
   * Entries of its log (calls, events, keys, attributes) that were written and could not be read back. Above
   * 0 it is not whole.
   */
  readonly lost: number
}

/**
 * The `crash` of a hop that was open when its tracer was closed: nothing is known of its end, and its process
 * may live on.
 */
export const closedEarly = 'the tracer was closed before the hop ended'
