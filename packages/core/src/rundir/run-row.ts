import type { RunInfo } from './run-info.js'
import { logDirOf } from './index.js'
import type { BytesByTime } from '../record/byte-counts.js'
import type { DroppedRange, InstanceRow } from '../record/instance-row.js'

/** The changing part of a run's registry row. */
export interface RunProgress {
  /** The stores with its records, the newest last. A level store knows its directory only once it is open. */
  readonly stores: readonly string[]
  readonly keepsSeconds?: number
  readonly bytes?: BytesByTime | undefined
  readonly deletedBeforeNanos?: bigint | undefined
  readonly runDir: string
  readonly heartbeatMillis: number
  readonly shippedThroughNanos: bigint
  readonly dropped: readonly DroppedRange[]
  readonly loggedThrough: InstanceRow['loggedThrough']
  readonly state: InstanceRow['state']
}

/** The registry's row of a run. */
export function runRow(
  run: RunInfo,
  { runDir, bytes, deletedBeforeNanos, ...progress }: RunProgress,
): InstanceRow {
  const { storeUrl: _, ...rest } = run
  return {
    ...rest,
    logDir: logDirOf(runDir),
    ...progress,
    ...(bytes === undefined ? {} : { bytes }),
    ...(deletedBeforeNanos === undefined ? {} : { deletedBeforeNanos }),
  }
}
