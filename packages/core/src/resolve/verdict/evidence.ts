import type { HopRecord } from '../../record/record.js'
import type { HopId } from '../../id/types.js'
import type { RecordSource } from '../../record/lookup.js'

/** Where a request was: a hop that has a record, or the place that a call went to. */
export interface Place {
  readonly service: string
  /** `ip:port`, or the target as dialled when it is not known who answers there. */
  readonly instance: string
  readonly hopId: HopId
}

/**
 * Does the process that wrote a record still run? `alive`: it answered just now, or says so itself. `ended`:
 * its end is known for sure. `unsure`: neither, for example a process that is stopped, or a host that cannot
 * be reached.
 */
export type Liveness = 'alive' | 'ended' | 'unsure'

/**
 * What proves that a callee has no record of a call.
 * - `not-taken`: no run that may have been meant began such a hop. Each showed life after the caller had
 *   given up, or it writes what it takes at that address before its handler runs, and is known to its end.
 * - `ended-during`: a run ended that was alive when the call was made and showed no life after the caller had
 *   given up.
 * - `ended`: a run ended, and it is not known whether before or after the call was made.
 * - `gone`: the address is registered, but no run was alive there at that time.
 * - `waiting`: of a message, no run that consumes its destination has taken it so far.
 */
export type AbsenceProof = 'not-taken' | 'ended-during' | 'ended' | 'gone' | 'waiting'

/** What was found out about the other end of one call. */
export type CalleeEvidence =
  /** It has a record: `node` is its place in `EvidenceTree.hops`. */
  { readonly kind: 'hop'; readonly node: number } | (WithoutRecord & Told)

/**
 * Who said it when its own run did not: `service ip:port` of the instance that asked on. Left out when its
 * own run or its store did.
 */
export interface Told {
  readonly toldBy?: string
}

/** What is known of the other end of a call without a record. */
export type WithoutRecord =
  | { readonly kind: 'absent'; readonly proof: AbsenceProof; readonly suspect: Place; readonly says: string }
  /** No record, and no proof of absence. `says`: up to when which sources are complete. */
  | { readonly kind: 'unsure'; readonly suspect: Place; readonly says: string }
  /** The instance lost records of that time. */
  | { readonly kind: 'dropped'; readonly suspect: Place; readonly says: string }
  /** A read failed. */
  | { readonly kind: 'unreadable'; readonly suspect: Place; readonly says: string }
  /**
   * Proven to be no hoptrace service: it answered without our header, and no service is or was registered
   * there.
   */
  | { readonly kind: 'untraced'; readonly suspect: Place }
  /**
   * No service is registered there, but an unregistered hoptrace service may be there. `says`: what is
   * missing.
   */
  | { readonly kind: 'unregistered'; readonly suspect: Place; readonly says: string }
  /**
   * It has a record of the call's id that began at another time: clocks are far apart, or the request was
   * sent again.
   */
  | { readonly kind: 'untimely'; readonly suspect: Place; readonly says: string }
  /** It answered, and under another cluster key: its records cannot be asked for. */
  | { readonly kind: 'other-key'; readonly suspect: Place; readonly says: string }
  /** Not asked. */
  | { readonly kind: 'skipped'; readonly why: SkipReason; readonly suspect: Place; readonly says: string }

/**
 * `hops`, `depth`, `deadline`: limits of the walk. `cycle`: the hop is in the tree already. `foreign`: of
 * another trace.
 */
export type SkipReason = 'hops' | 'depth' | 'deadline' | 'cycle' | 'foreign'

/** One more hop that a call led to: a proxy sent the request to several instances, one after the other. */
export interface Attempt {
  /** Which call of the hop: an index into its record's `next`. */
  readonly call: number
  /** The place of the attempt's hop in `EvidenceTree.hops`. */
  readonly node: number
}

/** A hop that has a record, and what was found about each of its calls. */
export interface HopEvidence extends Told {
  readonly record: HopRecord
  readonly source: RecordSource
  readonly liveness: Liveness
  /** The process showed life after the call that led here was over, however it ended later. */
  readonly outlived?: boolean
  /** Its process serves nothing since then, milliseconds since the epoch: its event loop does not turn. */
  readonly blockedSince?: number
  /**
   * The hop whose call led here, as a place in `EvidenceTree.hops`, always before this one; null for the
   * entry.
   */
  readonly parent: number | null
  /** Which call of the parent: an index into its record's `next`. */
  readonly call: number | null
  /** One for each entry of `record.next`. */
  readonly callees: readonly CalleeEvidence[]
  /** Further hops of its calls, in addition to `callees`. Left out if there is none. */
  readonly attempts?: readonly Attempt[]
  /**
   * The number of calls at the end of `record.next` that are inferred, not recorded: the hop copied its
   * incoming headers.
   */
  readonly passedOn?: number
}

/**
 * All that is known about one trace. `hops[0]` is the entry. Every hop but the entry is the `hop` evidence,
 * or an attempt, of exactly one call of an earlier hop.
 */
export interface EvidenceTree {
  readonly hops: readonly HopEvidence[]
  /** Other findings of the walk: second records of an id, skipped parts. */
  readonly notes: readonly string[]
  /** Part of the trace was not looked at: a limit or the deadline. */
  readonly partial: boolean
}

/** A tree that is to be judged. */
export interface JudgedTree extends EvidenceTree {
  /**
   * `hops[0]` is not the entry of the trace: an unknown hoptrace service called it. How the request ended
   * above, and whether that caller handled a fault below, is unknown.
   */
  readonly headless?: boolean
}

/** The place of a hop that has a record. */
export function placeOf(record: HopRecord): Place {
  return { service: record.service, instance: record.instance.address, hopId: record.hopId }
}
