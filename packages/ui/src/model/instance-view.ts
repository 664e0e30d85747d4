import type { DeadInstance, InstanceRow } from '@hoptrace/core'
import { formatNanos } from './format.js'

/** A registered run as `hoptrace instances --json` prints it, and as the page shows it. */
export interface InstanceView {
  readonly service: string
  readonly instance: string
  readonly worker: number
  readonly state: InstanceRow['state']
  readonly alive: boolean
  readonly startTime: string
  readonly heartbeatTime: string
  readonly shippedThrough: string | null
  readonly dropped: number
  readonly host: string
  readonly pid: number
  readonly endpoint: string | null
  readonly stores: readonly string[]
  /** Why the log of a dead run is not shipped, though that was tried. Questions read it where it is. */
  readonly notShipped: { readonly reason: string; readonly tries: number; readonly againTime: string } | null
}

/**
 * A registry row for display. `alive`: the run has not ended, its heartbeat is younger than 8 s, and its
 * process is not known to be gone (`dead`). A run whose process is gone has the state `dead`, even before
 * its log is shipped.
 */
export function instanceView(row: InstanceRow, nowMillis: number, dead?: DeadInstance): InstanceView {
  const { failed } = dead ?? {}
  return {
    service: row.service,
    instance: row.address,
    worker: row.worker,
    state: dead !== undefined ? 'dead' : row.state,
    alive: dead === undefined && row.state === 'running' && nowMillis - row.heartbeatMillis < FRESH_MILLIS,
    startTime: formatNanos(row.startNanos),
    heartbeatTime: formatNanos(BigInt(row.heartbeatMillis) * 1_000_000n),
    shippedThrough: row.shippedThroughNanos > 0n ? formatNanos(row.shippedThroughNanos) : null,
    dropped: row.dropped.reduce((sum, range) => sum + range.count, 0),
    host: row.host,
    pid: row.pid,
    endpoint: row.endpoint,
    stores: row.stores,
    notShipped:
      failed === undefined
        ? null
        : {
            reason: failed.reason,
            tries: failed.tries,
            againTime: formatNanos(BigInt(failed.againMillis) * 1_000_000n),
          },
  }
}

/** Heartbeats come every two seconds. */
const FRESH_MILLIS = 8000
