import type { HopView, RangeReadsView } from './answer.js'
import { health } from './format-hop.js'
import { formatDuration } from '@hoptrace/ui/model'
import { count, formatBytes } from './format-units.js'
import { formatPairs, padEnd, safeText } from './format-text.js'
import { plain, type Paint } from './paint.js'

/** One hop on one line, as `hoptrace range` prints it: time, id, status, duration, request, keys, error. */
export function formatRangeLine(hop: HopView, paint: Paint = plain): string {
  const found = health(hop)
  const tone = (text: string): string => paint[found === 'passed' ? 'waiting' : found](text)
  const answered = hop.state === 'closed' ? String(hop.status ?? 'done') : hop.state
  const error = hop.error
    ? paint.bad(`${safeText(hop.error.name, 80)}: ${safeText(hop.error.message, 120)}`)
    : ''
  return [
    paint.faint(hop.startTime.replace(/(\.\d{6})\d*Z$/, '$1Z')),
    hop.hopId,
    paint.name(padEnd(safeText(hop.instance, 64), 15)),
    tone(padEnd(answered, 4)),
    padEnd(hop.durationMicros === null ? '' : formatDuration(hop.durationMicros), 8),
    safeText([hop.method, hop.route].filter((part) => part !== null).join(' '), 120),
    paint.faint(formatPairs(hop.keys)),
    error,
  ]
    .filter(Boolean)
    .join('  ')
    .trimEnd()
}

/**
 * The cost of a range: living instances asked, scans of stores and logs, segments read and skipped, bytes.
 */
export function formatReads(reads: RangeReadsView, paint: Paint = plain): string[] {
  const { instances, scans, bytes, segments, pruned } = reads
  const found = `${count(segments, 'segment')} read, ${pruned} pruned`
  return [
    paint.faint(
      `${count(instances, 'instance')} asked, ${count(scans, 'scan')}, ${found}, ${formatBytes(bytes)}`,
    ),
  ]
}
