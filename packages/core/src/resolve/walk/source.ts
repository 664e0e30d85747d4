import type { HopId } from '../../id/types.js'
import type { InstanceRow } from '../../record/instance-row.js'
import type { AliasHit } from '../../store/reader.js'
import type { Lookup } from '../../record/lookup.js'
import type { EvidenceTree } from '../verdict/evidence.js'
import type { Reads } from './reads.js'

/** The limits of an instance that is asked for everything below a hop. */
export interface Errand {
  /** Names the question, so that an instance that is asked again by its own errand notices. */
  readonly question: string
  readonly hops: number
  readonly depth: number
  readonly deadlineMillis: number
  /** For how long its answer is waited for at most: then its log and store are read. */
  readonly waitMillis: number
}

/** An answer, with everything below the hop when an errand was taken: `subtree.hops[0]` is the hop. */
export interface Told {
  readonly lookup: Lookup
  readonly subtree?: EvidenceTree
  /**
   * The run's process serves nothing since then, milliseconds since the epoch: its event loop does not turn.
   */
  readonly blockedSince?: number
}

/** Asks runs. A read that fails rejects with `HoptraceError`. */
export interface TraceSource {
  lookup(row: InstanceRow, id: HopId, reads: Reads, signal: AbortSignal, errand?: Errand): Promise<Told>
  /**
   * The hops that were recorded under another id (the id that their caller had assigned, or a foreign trace
   * id), and when their runs began; the earliest first. `anew`: these runs have not been asked about this id
   * before.
   */
  aliases(
    rows: readonly InstanceRow[],
    id: HopId,
    reads: Reads,
    signal: AbortSignal,
    anew?: boolean,
  ): Promise<readonly AliasHit[]>
}
