import { nanosOfIso } from '@hoptrace/core'
import type { ProgressView } from './answer.js'
import { formatClock, formatDuration } from '@hoptrace/ui/model'
import { formatPairs, padEnd, safeText } from './format-text.js'
import { paintVerdict, place, verdictSentence } from './format-verdict.js'
import { plain, type Paint } from './paint.js'

/** One event on one line: time of day, service, event. */
export function formatEvent(event: ProgressView['events'][number], paint: Paint = plain): string {
  const pairs = formatPairs(event.attributes)
  const told = event.toldBy === undefined ? '' : ` (as ${safeText(event.toldBy, 128)} says)`
  const name = `${safeText(event.name, 128)}${told}`
  return [
    paint.faint(formatClock(event.time)),
    paint.name(padEnd(safeText(event.service ?? event.instance, 64), SERVICE_WIDTH)),
    pairs === '' ? name : `${padEnd(name, NAME_WIDTH)}  ${paint.faint(pairs)}`,
  ].join('  ')
}

/** The whole output of `hoptrace progress`: keys, the timeline, what runs now, and the verdict so far. */
export function formatProgress(progress: ProgressView, nowMillis: number, paint: Paint = plain): string[] {
  const keys = formatPairs(progress.keys)
  return [
    ...(keys === '' ? [] : [paint.strong(keys)]),
    ...progress.events.map((event) => formatEvent(event, paint)),
    ...formatState(progress, nowMillis, paint),
  ]
}

/** The working hops with their ages, and the verdict so far. */
export function formatState(progress: ProgressView, nowMillis: number, paint: Paint = plain): string[] {
  // A hop that only waits adds nothing to the hop that it waits for.
  const working = progress.running.filter((hop) => hop.waitsFor.length === 0)
  const shown = working.length > 0 ? working : progress.running
  return [
    ...shown.map((hop) => `${paint.waiting('now in')}  ${workingLine(hop, nowMillis)}`),
    ...(progress.verdict === 'running' ? [] : [formatEnd(progress, paint)]),
  ]
}

function formatEnd(progress: ProgressView, paint: Paint): string {
  const events = progress.lastEvent ? `, last event: ${safeText(progress.lastEvent.name, 128)}` : ''
  const sentence = progress.verdict === 'completed' ? 'completed' : verdictSentence({ ...progress, hops: [] })
  return paintVerdict(progress.verdict, paint)(`${sentence}${events}`)
}

function workingLine(hop: ProgressView['running'][number], nowMillis: number): string {
  const since = Number((nanosOfIso(hop.since) ?? 0n) / 1_000_000n)
  const waits = hop.waitsFor.length > 0 ? `, waits for ${safeText(hop.waitsFor.join(', '), 200)}` : ''
  const blocked = hop.blockedSince ? ', its event loop is blocked' : ''
  const told = hop.toldBy === undefined ? '' : `, as ${safeText(hop.toldBy, 128)} says`
  return `${place(hop)} for ${formatDuration(Math.max(0, nowMillis - since) * 1000)}${waits}${blocked}${told}`
}

const SERVICE_WIDTH = 10
const NAME_WIDTH = 20
