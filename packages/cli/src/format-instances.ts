import type { DeadInstance, InstanceRow } from '@hoptrace/core'
import { count, formatClock, formatDuration, formatNanos } from './format-units.js'
import { explainAddresses } from './format-address.js'
import { safeText } from './format-text.js'
import { formatTable, type Cell } from './format-table.js'
import { plain, type Paint } from './paint.js'

/** A registered run as `instances --json` prints it. */
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

/** The table of `hoptrace instances`. */
export function formatInstances(
  rows: readonly InstanceView[],
  nowMillis: number,
  paint: Paint = plain,
): string[] {
  const head = ['', 'service', 'instance', 'state', 'heartbeat', 'shipped through', 'since', 'pid', 'store']
  const faint = (text: string): string => paint.faint(text)
  const cells = rows.map((row): Cell[] => {
    const missing = row.state === 'running' && !row.alive
    const tone = row.alive
      ? (text: string) => paint.good(text)
      : missing
        ? (text: string) => paint.bad(text)
        : faint
    return [
      { text: row.alive ? '●' : '○', paint: tone },
      { text: safeText(row.service, 64), paint: (text) => paint.strong(text) },
      {
        text: safeText(row.instance, 64) + (row.worker > 0 ? `#${row.worker}` : ''),
        paint: (text) => paint.name(text),
      },
      { text: missing ? 'silent' : row.state, paint: tone },
      { text: ago(row.heartbeatTime, nowMillis) },
      { text: row.shippedThrough === null ? 'nothing yet' : formatClock(row.shippedThrough) },
      { text: `${row.startTime.slice(0, 19).replace('T', ' ')}Z` },
      { text: String(row.pid) },
      { text: safeText(row.stores.at(-1) ?? 'none', 120) + lost(row) + left(row), paint: faint },
    ]
  })
  const table = formatTable([head.map((text) => ({ text, paint: faint })), ...cells])
  return [
    ...table,
    ...explainAddresses(
      rows.map(({ instance }) => instance),
      paint,
    ),
  ]
}

function ago(time: string, nowMillis: number): string {
  return `${formatDuration(Math.max(0, nowMillis - Date.parse(time)) * 1000)} ago`
}

function lost(row: InstanceView): string {
  return row.dropped > 0 ? `  (${row.dropped} hops dropped)` : ''
}

function left({ notShipped }: InstanceView): string {
  if (notShipped === null) return ''
  const { reason, tries, againTime } = notShipped
  return `  (not shipped after ${count(tries, 'try', 'tries')}, again at ${againTime.slice(11, 19)}: ${safeText(reason, 120)})`
}

/** Heartbeats come every two seconds. */
const FRESH_MILLIS = 8000
