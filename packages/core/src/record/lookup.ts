import type { HopId } from '../id/types.js'
import type { HopRecord } from './record.js'

/** The parts of a record by which a question finds it. */
export type RecordName = Pick<HopRecord, 'hopId' | 'traceId' | 'parentSpan' | 'assignedId' | 'keys'>

/** Where an answer came from. */
export type RecordSource = 'live' | 'log' | 'store'

/**
 * Whether the run that was asked still runs. `alive`: it answered just now. `ended`: its end is known for sure. `unsure`:
 * neither. When a source leaves it out: `alive` for live answers, `ended` for rows that are stopped or dead, else `unsure`.
 */
export type RunLiveness = 'alive' | 'ended' | 'unsure'

/**
 * What one instance run knows of one id. A read that failed is neither: it rejects.
 * - `found`: its newest version. `others`: further hops that this run has under the same assigned id, if all were asked for.
 * - `absent`: every hop that this run handled and that began (by its own clock) up to `throughNanos` is known, and none has this id;
 *   and every request that had reached its process before that time has begun.
 *   `final` when the run has ended and everything it left is known, so that waiting changes nothing.
 *   `dropped` when the run lost records around this id: absence then proves nothing.
 *   `aliveNanos`: the last sign of life of a run that has ended, by its own clock; left out when it is not known.
 */
export type Lookup =
  | {
      readonly kind: 'found'
      readonly record: HopRecord
      readonly source: RecordSource
      readonly liveness?: RunLiveness
      readonly others?: readonly HopId[]
    }
  | {
      readonly kind: 'absent'
      readonly throughNanos: bigint
      readonly final: boolean
      readonly dropped: boolean
      readonly source: RecordSource
      readonly aliveNanos?: bigint
      /** Its log is damaged, in words: the record may be among what cannot be read. */
      readonly damage?: string
    }
