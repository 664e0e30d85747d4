/** What became of a request as a whole. */
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
  /** What was found at the other end: `hop`, or why there is none. Left out where nobody looked. */
  readonly found?:
    | 'hop'
    | 'absent'
    | 'unsure'
    | 'dropped'
    | 'unreadable'
    | 'untraced'
    | 'unregistered'
    | 'other-key'
    | 'skipped'
  /** Other hops that it led to: what was between sent it to several instances, one after the other. */
  readonly attempts?: readonly string[]
  /** Concluded, not recorded: the hop passed on the headers that it got. */
  readonly passedOn?: boolean
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
  /** The caller went away before the answer. */
  readonly aborted?: boolean
  readonly keys: Readonly<Record<string, string>>
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly events: readonly EventView[]
  readonly next: readonly CallView[]
  /** Events and attributes that were left out under pressure. */
  readonly shed?: number
  /** Entries of its log that could not be read. */
  readonly lost?: number
  readonly source: 'live' | 'log' | 'store'
}

/** Something that went wrong in a trace; `handled` when its caller went on without it. */
export interface FaultView extends HopPlace {
  readonly verdict: VerdictName
  readonly handled: boolean
}

/** What a walk read to find its answer. */
export interface ReadsView {
  readonly instances: number
  readonly scans: number
  readonly bytes: number
}

/** What a range read. */
export interface RangeReadsView extends ReadsView {
  /** Segments that were read. */
  readonly segments: number
  /** Segments that were passed over, because their smallest and largest id say that nothing there is wanted. */
  readonly pruned: number
}

/** The answer of `resolve`: the shape that `resolve --json` prints. */
export interface Answer {
  readonly traceId: string | null
  readonly verdict: VerdictName
  readonly endedAt: HopPlace | null
  readonly lastHealthy: HopPlace | null
  readonly hops: readonly HopView[]
  readonly evidence: readonly string[]
  readonly faults?: readonly FaultView[]
  /** Part of the trace was not looked at: a limit, or the deadline. */
  readonly partial?: boolean
  readonly reads: ReadsView
  readonly elapsedMillis: number
}

/** The answer of `progress`: the shape that `progress --json` prints. */
export interface ProgressView {
  readonly traceId: string | null
  readonly verdict: VerdictName
  readonly endedAt: HopPlace | null
  readonly lastHealthy: HopPlace | null
  /** Business keys of all hops. */
  readonly keys: Readonly<Record<string, string>>
  /** Events of all hops on one clock, in causal order. */
  readonly events: readonly (HopPlace & EventView)[]
  readonly lastEvent: (HopPlace & EventView) | null
  /** Hops that are at it, and what they wait for. */
  readonly running: readonly (HopPlace & {
    readonly since: string
    readonly waitsFor: readonly string[]
    readonly blockedSince?: string
  })[]
  readonly evidence: readonly string[]
}
