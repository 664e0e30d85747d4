import type { InstanceRow } from '@hoptrace/core'

/** A registered run, as the page shows it. */
export interface InstanceJson {
  readonly service: string
  readonly instance: string
  readonly worker: number
  readonly state: InstanceRow['state']
  /** It has not ended, and its heartbeat is younger than eight seconds. */
  readonly alive: boolean
  /** Milliseconds since the epoch. */
  readonly startMillis: number
  readonly heartbeatMillis: number
  /** How far its records are in the store; null if nothing is. */
  readonly shippedThroughMillis: number | null
  /** Records that it lost and counted. */
  readonly dropped: number
  readonly host: string
  readonly pid: number
}

const FRESH_MILLIS = 8000

export function instanceJson(row: InstanceRow, nowMillis: number): InstanceJson {
  const millis = (nanos: bigint): number => Number(nanos / 1_000_000n)
  return {
    service: row.service,
    instance: row.address,
    worker: row.worker,
    state: row.state,
    alive: row.state === 'running' && nowMillis - row.heartbeatMillis < FRESH_MILLIS,
    startMillis: millis(row.startNanos),
    heartbeatMillis: row.heartbeatMillis,
    shippedThroughMillis: row.shippedThroughNanos > 0n ? millis(row.shippedThroughNanos) : null,
    dropped: row.dropped.reduce((sum, { count }) => sum + count, 0),
    host: row.host,
    pid: row.pid,
  }
}
