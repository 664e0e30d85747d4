import type { HopRecord } from '../../record/record.js'
import type { HopId } from '../../id/types.js'
import type { Store } from '../../store/contract.js'
import type { InstanceRow } from '../../record/instance-row.js'
import type { Lookup, RecordName } from '../../record/lookup.js'

/** What a run counts since it began. */
export interface RunCounters {
  /** Hops whose first entry is in the log. */
  readonly appended: number
  /** Hops that the store acknowledged. */
  readonly shipped: number
  /** Attributes and events left out under pressure. */
  readonly shed: number
  /** Hops that could not be kept. */
  readonly dropped: number
  /** Failed writes of the log and failed puts of the store. */
  readonly errors: number
  /** Bytes appended to the log. */
  readonly bytes: number
  /** Milliseconds between now and the time through which everything is in the store. */
  readonly lagMillis: number
  /** Dead runs in the data directory that could not be shipped so far. */
  readonly unshippedRuns: number
}

/** What a run offers to its live endpoint. */
export interface OwnRecords {
  /** Its row as of now, with the current watermark. */
  row(): InstanceRow
  /**
   * What it knows of an id: open hops that are in no log yet, its log, and its store. Absence is as strong as it can be now.
   * Rejects when its store cannot be read.
   */
  lookup(id: HopId): Promise<Lookup>
  /**
   * Hops whose newest version is not in the store: from the log, and open ones. In any order; later questions may differ.
   * `isWanted` is asked of each before it is copied.
   */
  unshipped(isWanted?: (record: RecordName) => boolean): readonly HopRecord[] | Promise<readonly HopRecord[]>
  /** Why some of its records may be missing: its log is damaged. Undefined when it is not. */
  damage(): string | undefined
  /** Is there something to ship now? Then questions take half of the thread's time at most. */
  readonly busy?: boolean
  /** Its own store, open. Former runs may have left records there. */
  readonly store: Store
  /** For `metrics`. */
  counters(): RunCounters
  /**
   * Since when its process serves nothing, milliseconds since the epoch: the thread that serves requests does not turn. Undefined
   * when it does.
   */
  blockedSince?(): Promise<number | undefined>
}
