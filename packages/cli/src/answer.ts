/** How a whole request ended. */
export type VerdictName =
  'completed' | 'failed' | 'died' | 'unreachable' | 'running' | 'interrupted' | 'undetermined' | 'not-found'

/** Names one hop: where a request ended, or where it was last healthy. */
export interface HopPlace {
  readonly service: string | null
  /** `ip:port` */
  readonly instance: string
  readonly hopId: string | null
}

/** A thrown error as a record holds it. */
export interface HopErrorView {
  readonly name: string
  readonly message: string
  readonly code: string | null
}

/** A named point in a hop. `time` is ISO 8601 with nanoseconds. */
export interface EventView {
  readonly name: string
  readonly time: string
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

/** One outgoing call of a hop. */
export interface CallView {
  readonly hopId: string
  readonly target: string
  readonly service: string | null
  readonly method: string | null
  readonly outcome: string | null
  readonly durationMicros: number | null
  /** What the walk found at the other end: `hop`, or why there is none. Left out if the walk did not look. */
  readonly found?:
    | 'hop'
    | 'absent'
    | 'unsure'
    | 'dropped'
    | 'unreadable'
    | 'untraced'
    | 'unregistered'
    | 'untimely'
    | 'other-key'
    | 'skipped'
  /** Other hops of this call: a proxy sent it to several instances, one after the other. */
  readonly attempts?: readonly string[]
  /** Inferred, not recorded: the hop copied its incoming headers to the callee. */
  readonly passedOn?: boolean
  /** The instance (`service ip:port`) that said what is there, in place of the walk. */
  readonly toldBy?: string
}

/** One hop of a walk, as `resolve --json` and `range --json` print it. */
export interface HopView {
  readonly hopId: string
  readonly traceId?: string
  readonly service: string
  readonly instance: string
  readonly method: string | null
  readonly route: string | null
  readonly status: number | null
  readonly state: 'open' | 'closed' | 'interrupted'
  readonly startTime: string
  readonly durationMicros: number | null
  readonly error: HopErrorView | null
  /** The caller disconnected before the answer. */
  readonly aborted?: boolean
  readonly keys: Readonly<Record<string, string>>
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly events: readonly EventView[]
  readonly next: readonly CallView[]
  /** Events and attributes that the tracer left out under pressure. */
  readonly shed?: number
  /** Log entries of the hop that could not be read. */
  readonly lost?: number
  readonly source: 'live' | 'log' | 'store'
  /** The instance (`service ip:port`) that sent the record. The hop's own run did not confirm it. */
  readonly toldBy?: string
}

/** A fault in a trace; `handled` if its caller continued in spite of it. */
export interface FaultView extends HopPlace {
  readonly verdict: VerdictName
  readonly handled: boolean
}

/** What a walk read to find the answer. */
export interface ReadsView {
  readonly instances: number
  readonly scans: number
  readonly bytes: number
}

/** What a range read. */
export interface RangeReadsView extends ReadsView {
  /** Segments that the range read. */
  readonly segments: number
  /** Segments that the range skipped, because their smallest and largest id exclude a match. */
  readonly pruned: number
}

/** The answer of `resolve`, as `resolve --json` prints it. */
export interface Answer {
  readonly traceId: string | null
  readonly verdict: VerdictName
  readonly endedAt: HopPlace | null
  readonly lastHealthy: HopPlace | null
  readonly hops: readonly HopView[]
  readonly evidence: readonly string[]
  readonly faults?: readonly FaultView[]
  /** The walk skipped a part of the trace: because of a limit, or of the deadline. */
  readonly partial?: boolean
  readonly partialBecause?: readonly string[]
  readonly reads: ReadsView
  readonly elapsedMillis: number
}

/** The answer of `progress`, as `progress --json` prints it. */
export interface ProgressView {
  readonly traceId: string | null
  readonly verdict: VerdictName
  readonly endedAt: HopPlace | null
  readonly lastHealthy: HopPlace | null
  /** Business keys of all hops. */
  readonly keys: Readonly<Record<string, string>>
  /** Events of all hops on one clock, in causal order. */
  readonly events: readonly (HopPlace & EventView & { readonly toldBy?: string })[]
  readonly lastEvent: (HopPlace & EventView) | null
  /** Open hops, and the calls that they wait for. */
  readonly running: readonly (HopPlace & {
    readonly since: string
    readonly waitsFor: readonly string[]
    readonly blockedSince?: string
    readonly toldBy?: string
  })[]
  readonly evidence: readonly string[]
}
