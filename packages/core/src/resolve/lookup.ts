import type { HopRecord } from '../hop/record.js'
import type { HopId } from '../id/types.js'
import type { InstanceRow } from '../store/instance-row.js'

/** Where an answer came from. */
export type RecordSource = 'live' | 'log' | 'store'

/**
 * What one instance run knows of one id. A read that failed is neither: it rejects.
 * - `found`: its newest version.
 * - `absent`: every hop that this run handled and that began (by its own clock) up to `throughNanos` is known, and none has this id.
 *   `final` when the run has ended and everything it left is known, so that waiting changes nothing.
 *   `dropped` when the run lost records around this id: absence then proves nothing.
 */
export type Lookup =
  | { readonly kind: 'found'; readonly record: HopRecord; readonly source: RecordSource }
  | {
      readonly kind: 'absent'
      readonly throughNanos: bigint
      readonly final: boolean
      readonly dropped: boolean
      readonly source: RecordSource
    }

/** Reads what one instance run recorded. Rejects with `HoptraceError` when it cannot tell. */
export interface HopSource {
  lookup(instance: InstanceRow, id: HopId, signal: AbortSignal): Promise<Lookup>
}
