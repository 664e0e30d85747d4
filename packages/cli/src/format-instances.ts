import { formatClock, formatDuration, type InstanceView } from '@hoptrace/ui/model'
import { count } from './format-units.js'
import { explainAddresses } from './format-address.js'
import { safeText } from './format-text.js'
import { formatTable, type Cell } from './format-table.js'
import { plain, type Paint } from './paint.js'

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
