import type { Answer, EventView, HopView } from './answer.js'
import { formatClock, formatDuration, timeNanos } from './format-units.js'
import { formatPairs, safeText } from './format-text.js'
import { formatTable } from './format-table.js'
import { plain, type Paint } from './paint.js'

/** A point of the one timeline of a trace. `event` is null where a hop begins or ends. */
export interface TimelineEntry {
  readonly time: string
  readonly service: string
  readonly instance: string
  readonly hopId: string
  readonly what: 'began' | 'event' | 'answered' | 'interrupted'
  readonly event: string | null
  readonly status: number | null
  readonly attributes: EventView['attributes']
}

/** The events of all hops of an answer in the order of their times; equal times keep the order of the walk. */
export function timeline(answer: Pick<Answer, 'hops'>): TimelineEntry[] {
  const entries = answer.hops.flatMap((hop) => hopEntries(hop))
  return entries
    .map((entry, index) => ({ entry, index, nanos: timeNanos(entry.time) ?? 0n }))
    .sort((a, b) => (a.nanos === b.nanos ? a.index - b.index : a.nanos < b.nanos ? -1 : 1))
    .map(({ entry }) => entry)
}

/** Names an entry across answers, so that following prints each once. */
export function entryKey(entry: TimelineEntry): string {
  return [entry.hopId, entry.what, entry.event ?? '', entry.time].join(' ')
}

/** Lines of `hoptrace progress`: time of day, service, what happened. */
export function formatTimeline(entries: readonly TimelineEntry[], paint: Paint = plain): string[] {
  return formatTable(
    entries.map((entry) => [
      { text: formatClock(entry.time), paint: (text) => paint.faint(text) },
      { text: safeText(entry.service, 64).padEnd(SERVICE_WIDTH), paint: (text) => paint.name(text) },
      { text: describe(entry), paint: entry.what === 'event' ? (text) => text : (text) => paint.faint(text) },
      { text: formatPairs(entry.attributes), paint: (text) => paint.faint(text) },
    ]),
  )
}

/** What is being worked on now: `inventory (127.0.0.1:4003) for 2.1 s`, one line a hop that is open. */
export function formatRunning(hops: readonly HopView[], nowMillis: number, paint: Paint = plain): string[] {
  return hops
    .filter((hop) => hop.state === 'open' && !hop.next.some((call) => call.outcome === null))
    .map((hop) => {
      const since = Number((timeNanos(hop.startTime) ?? 0n) / 1_000_000n)
      const age = formatDuration(Math.max(0, nowMillis - since) * 1000)
      return `${paint.waiting('now in')}  ${paint.strong(safeText(hop.service, 64))} (${safeText(hop.instance, 64)}) for ${age}`
    })
}

function hopEntries(hop: HopView): TimelineEntry[] {
  const base = { service: hop.service, instance: hop.instance, hopId: hop.hopId }
  const end = endTime(hop)
  return [
    { ...base, time: hop.startTime, what: 'began', event: null, status: null, attributes: {} },
    ...hop.events.map((event) => ({
      ...base,
      time: event.time,
      what: 'event' as const,
      event: event.name,
      status: null,
      attributes: event.attributes,
    })),
    ...(end === undefined
      ? []
      : [{ ...base, time: end, what: 'answered' as const, event: null, status: hop.status, attributes: {} }]),
  ]
}

function endTime(hop: HopView): string | undefined {
  const start = timeNanos(hop.startTime)
  if (hop.state !== 'closed' || hop.durationMicros === null || start === undefined) return undefined
  const nanos = start + BigInt(Math.round(hop.durationMicros)) * 1000n
  const date = new Date(Number(nanos / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
  return `${date}.${(nanos % 1_000_000_000n).toString().padStart(9, '0')}Z`
}

function describe(entry: TimelineEntry): string {
  switch (entry.what) {
    case 'began':
      return 'takes it'
    case 'event':
      return safeText(entry.event ?? '', 128)
    case 'answered':
      return entry.status === null ? 'is done' : `answers ${entry.status}`
    case 'interrupted':
      return 'interrupted'
  }
}

const SERVICE_WIDTH = 10
