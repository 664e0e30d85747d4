import { nanosOfIso } from '@hoptrace/core'
import type { CallView, EventView, HopView } from './answer.js'
import { formatDuration, isFailedCall } from '@hoptrace/ui/model'
import { count } from './format-units.js'
import { formatPairs, padEnd, safeText } from './format-text.js'
import { plain, type Paint } from './paint.js'

/** The first line of a hop's block: mark, service, instance, request, answer and duration. */
export function hopHead(hop: HopView, paint: Paint = plain): string {
  const answered = hop.state === 'open' ? 'open' : hop.state === 'interrupted' ? 'interrupted' : status(hop)
  const parts = [
    paint.strong(safeText(hop.service, 64)),
    paint.name(safeText(hop.instance, 64)),
    asked(hop.method, hop.route),
    tone(hop)(answered, paint),
    hop.durationMicros === null ? '' : formatDuration(hop.durationMicros),
  ]
  return `${tone(hop)(MARKS[health(hop)], paint)} ${parts.filter(Boolean).join('  ')}`
}

/** The line of a call without a record of its callee. */
export function callHead(call: CallView, paint: Paint = plain): string {
  const name = call.service ? paint.strong(safeText(call.service, 64)) : ''
  const parts = [
    name,
    paint.name(safeText(call.target, 80)),
    asked(call.method, null),
    paint.faint(`${FOUND[call.found ?? 'absent']}${told(call)}`),
  ]
  const line = `${parts.filter(Boolean).join('  ')}${paint.faint(',')} ${seen(call)}`
  return `${wentWrong(call) ? paint.bad('✗') : paint.faint('○')} ${line}`
}

/**
 * The lines below the head: id and source, keys, attributes, events, error, and what the caller saw if it
 * differs.
 */
export function hopDetails(hop: HopView, call: CallView | null, paint: Paint = plain): string[] {
  const source =
    hop.toldBy === undefined
      ? `from ${SOURCES[hop.source]}`
      : `not confirmed by ${safeText(hop.service, 64)}${told(hop)}`
  const lines = [paint.faint(`${hop.hopId}  ${safeText(hop.startTime, 40)}  ${source}`)]
  if (Object.keys(hop.keys).length > 0) lines.push(formatPairs(hop.keys))
  if (Object.keys(hop.attributes).length > 0) lines.push(paint.faint(formatPairs(hop.attributes)))
  lines.push(...hopEvents(hop, paint))
  if (hop.error) {
    const code = hop.error.code ? ` [${safeText(hop.error.code, 64)}]` : ''
    lines.push(paint.bad(`${safeText(hop.error.name, 80)}: ${safeText(hop.error.message)}${code}`))
  }
  if (hop.shed) lines.push(paint.waiting(`${count(hop.shed, 'detail')} left out under pressure`))
  if (hop.lost) lines.push(paint.bad(`${count(hop.lost, 'entry', 'entries')} of its log could not be read`))
  if (hop.aborted) lines.push(paint.waiting('the caller disconnected before the answer'))
  if (call?.passedOn) lines.push(paint.faint('its caller copied its incoming headers'))
  else if (call && call.attempts?.includes(hop.hopId))
    lines.push(paint.waiting('an attempt: a proxy sent the call to another instance, too'))
  else if (call && call.outcome !== String(hop.status)) lines.push(paint.waiting(seen(call)))
  return lines
}

function hopEvents(hop: HopView, paint: Paint): string[] {
  const start = nanosOfIso(hop.startTime)
  const offsets = hop.events.map((event) => offset(event, start))
  const width = Math.max(0, ...offsets.map((text) => text.length))
  return hop.events.map((event, index) => {
    const pairs = formatPairs(event.attributes)
    const line = `${paint.faint(padEnd(offsets[index] ?? '', width))}  ${safeText(event.name, 128)}`
    return pairs === '' ? line : `${line}  ${paint.faint(pairs)}`
  })
}

function offset(event: EventView, start: bigint | undefined): string {
  const time = nanosOfIso(event.time)
  if (time === undefined || start === undefined) return safeText(event.time, 40)
  return `+${formatDuration(Math.max(0, Number((time - start) / 1000n)))}`
}

function seen(call: CallView): string {
  const after = call.durationMicros === null ? '' : ` after ${formatDuration(call.durationMicros)}`
  return call.outcome === null
    ? 'the caller saw no answer'
    : `the caller saw ${safeText(call.outcome, 64)}${after}`
}

/** Which other service said it. */
function told({ toldBy }: { readonly toldBy?: string }): string {
  return toldBy === undefined ? '' : `, as ${safeText(toldBy, 128)} says`
}

function asked(method: string | null, route: string | null): string {
  return safeText([method, route].filter((part) => part !== null).join(' '), 160)
}

function status(hop: HopView): string {
  return hop.status === null ? (hop.error ? 'failed' : 'done') : String(hop.status)
}

/**
 * Whether this hop succeeded by itself; `passed`: it only passed on a failure of a service that it called.
 */
export function health(hop: HopView): 'good' | 'bad' | 'passed' | 'waiting' {
  if (hop.state === 'open') return 'waiting'
  if (hop.state === 'interrupted') return 'bad'
  if ((hop.status ?? 0) < 500 && (hop.status !== null || hop.error === null)) return 'good'
  return hop.next.some((call) => wentWrong(call)) ? 'passed' : 'bad'
}

/** Whether the caller saw no answer, or a 5xx. */
function wentWrong(call: CallView): boolean {
  return call.outcome === null || isFailedCall(call)
}

function tone(hop: HopView): (text: string, paint: Paint) => string {
  const found = health(hop)
  return (text, paint) => paint[found === 'passed' ? 'waiting' : found](text)
}

const FOUND = {
  hop: 'shown elsewhere',
  absent: 'no record',
  dropped: 'record dropped',
  unsure: 'no record yet',
  unreadable: 'not readable',
  untraced: 'not traced',
  unregistered: 'not registered',
  untimely: 'of another time',
  'other-key': 'under another key',
  skipped: 'not asked',
} as const
const MARKS = { good: '✔', bad: '✗', passed: '!', waiting: '…' } as const
const SOURCES = { live: 'the live instance', log: 'its log', store: 'its store' } as const
