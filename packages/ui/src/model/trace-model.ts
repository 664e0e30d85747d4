import type { CallJson, ResolveResult, WalkedHopJson } from '@hoptrace/core'
import { isFailedCall, isFailedHop } from './failed.js'
import { endedBadly } from './sentence.js'

/**
 * A trace as rows of a tree on one time axis. A row is a hop, or a call that led to no hop: there a request may have ended.
 *
 * Clocks of hosts differ, so a callee may seem to begin before its caller called it. Its own clock is believed only within the bounds that
 * cause and effect give: it begins after the call began, and an answered call holds all of its work. `shiftMicros` says by how much a row
 * was moved.
 */
export interface TraceRow {
  /** Unique in its trace, the same in every answer about it. */
  readonly key: string
  /** Undefined for a call that led to no hop. */
  readonly hop: WalkedHopJson | undefined
  /** The call that led here; undefined for the entry. */
  readonly call: CallJson | undefined
  readonly depth: number
  /** Index of the calling row; -1 for the entry. */
  readonly parent: number
  /** Indexes of the rows that it called, in the order of the calls. */
  readonly children: readonly number[]
  /** Microseconds after the trace began. */
  readonly startMicros: number
  readonly endMicros: number
  /** Neither closed nor known to have ended: `endMicros` is the last that is known. */
  readonly isOpen: boolean
  readonly shiftMicros: number
  readonly isError: boolean
  /** The request ended here. */
  readonly isEnd: boolean
  readonly isLastHealthy: boolean
  /** Spans in which the trace waited for this row itself, and not for what it called. */
  readonly critical: readonly (readonly [fromMicros: number, toMicros: number])[]
}

/** The rows of a trace, each before what it called. */
export interface TraceModel {
  readonly rows: readonly TraceRow[]
  /** Length of the time axis, at least 1. */
  readonly spanMicros: number
  /** ISO, when the entry began, by its own clock. */
  readonly startTime: string | null
}

type Draft = { -readonly [K in keyof TraceRow]: TraceRow[K] } & {
  children: number[]
  critical: [number, number][]
}

/** The model of an answer, also of one whose walk is not at its end. */
export function traceModel(
  result: Pick<ResolveResult, 'verdict' | 'hops' | 'endedAt' | 'lastHealthy'>,
): TraceModel {
  const rows: Draft[] = []
  const kids = childrenOf(result.hops)
  const [entry] = result.hops
  const origin = entry === undefined ? 0n : nanosOf(entry.startTime)
  const stack: { hop: number; call: CallJson | undefined; parent: number; isGap: boolean }[] =
    entry === undefined ? [] : [{ hop: 0, call: undefined, parent: -1, isGap: false }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const index = rows.length
    const hop = next.isGap ? undefined : result.hops[next.hop]
    const row = placed(rows, hop, next.call, next.parent, origin)
    row.key = hop === undefined ? `${rows[next.parent]?.key ?? ''}/${next.call?.hopId ?? ''}` : keyOf(hop)
    rows.push(row)
    if (next.parent >= 0) rows[next.parent]?.children.push(index)
    if (hop === undefined) continue
    for (const child of (kids[next.hop] ?? []).toReversed()) stack.push({ ...child, parent: index })
  }
  stretch(rows)
  mark(rows, result)
  criticalPath(rows)
  const spanMicros = rows.reduce((most, { endMicros }) => Math.max(most, endMicros), 1)
  return { rows, spanMicros, startTime: entry?.startTime ?? null }
}

/** Two runs may hold one id; the time tells them apart. */
function keyOf(hop: WalkedHopJson): string {
  return `${hop.hopId}@${hop.instance}`
}

interface Child {
  readonly hop: number
  readonly call: CallJson | undefined
  readonly isGap: boolean
}

/** What each hop called: hops and gaps, in the order of its calls. */
function childrenOf(hops: readonly WalkedHopJson[]): Child[][] {
  const children: { hop: number; at: number }[][] = hops.map(() => [])
  // Hops come before what they called, so the last one a level above is the caller.
  const above: number[] = []
  for (const [index, hop] of hops.entries()) {
    above.length = hop.depth
    above[hop.depth] = index
    const parent = hop.depth === 0 ? undefined : above[hop.depth - 1]
    if (parent === undefined) continue
    const calls = hops[parent]?.next ?? []
    children[parent]?.push({
      hop: index,
      at: calls.findIndex(
        ({ hopId, attempts }) => hopId === hop.hopId || attempts?.includes(hop.hopId) === true,
      ),
    })
  }
  return hops.map((hop, index) => {
    const found = children[index] ?? []
    const reached = new Set(found.map(({ at }) => at))
    const gaps = hop.next.flatMap((call, at) => (reached.has(at) ? [] : [{ hop: -1, call, at, isGap: true }]))
    return [
      ...found.map(({ hop: child, at }) => ({ hop: child, call: hop.next[at], at, isGap: false })),
      ...gaps,
    ].sort((a, b) => a.at - b.at)
  })
}

function placed(
  rows: readonly Draft[],
  hop: WalkedHopJson | undefined,
  call: CallJson | undefined,
  parent: number,
  origin: bigint,
): Draft {
  const caller = rows[parent]
  const from = (caller?.startMicros ?? 0) + (call?.offsetMicros ?? 0)
  const room = call?.durationMicros ?? null
  const own = hop === undefined ? from : Number(nanosOf(hop.startTime) - origin) / 1000
  const work = hop?.durationMicros ?? 0
  let start = caller === undefined ? 0 : own
  if (caller !== undefined && hop !== undefined) {
    start += caller.shiftMicros
    const until = room === null ? Infinity : from + (work <= room ? room - work : room)
    start = Math.max(from, Math.min(start, until))
  }
  const lasted = hop === undefined ? room : hop.durationMicros
  return {
    key: '',
    hop,
    call,
    depth: caller === undefined ? 0 : caller.depth + 1,
    parent,
    children: [],
    startMicros: start,
    endMicros: start + (lasted ?? lastSign(hop)),
    isOpen: hop === undefined ? call?.outcome === null : hop.state === 'open',
    shiftMicros: start - own,
    isError: hop === undefined ? call !== undefined && isFailedCall(call) : isFailedHop(hop),
    isEnd: false,
    isLastHealthy: false,
    critical: [],
  }
}

/** Microseconds from the start of a hop to the last that it is known to have done. */
function lastSign(hop: WalkedHopJson | undefined): number {
  if (hop === undefined) return 0
  const began = nanosOf(hop.startTime)
  let last = 0
  for (const { time } of hop.events) last = Math.max(last, Number(nanosOf(time) - began) / 1000)
  for (const call of hop.next) last = Math.max(last, call.offsetMicros + (call.durationMicros ?? 0))
  return last
}

/** A row without a known end lasts at least as long as what it called. */
function stretch(rows: readonly Draft[]): void {
  for (let index = rows.length - 1; index > 0; index--) {
    const row = rows[index] as Draft
    const caller = rows[row.parent]
    if (caller?.hop?.durationMicros === null) caller.endMicros = Math.max(caller.endMicros, row.endMicros)
  }
}

function mark(
  rows: readonly Draft[],
  { verdict, endedAt, lastHealthy }: Pick<ResolveResult, 'verdict' | 'endedAt' | 'lastHealthy'>,
): void {
  if (!endedBadly(verdict)) return
  const at = (place: ResolveResult['endedAt']): Draft | undefined => {
    if (place === null) return undefined
    const named = rows.filter(({ hop, call }) => (hop ?? call)?.hopId === place.hopId)
    return named.find(({ hop }) => hop?.instance === place.instance) ?? named[0]
  }
  const end = at(endedAt)
  if (end !== undefined) end.isEnd = true
  const healthy = at(lastHealthy)
  if (healthy !== undefined && healthy !== end) healthy.isLastHealthy = true
}

/**
 * From the end of the entry backwards: what the trace waited for at each moment. A row waits for the callee that ended last; before that
 * callee began, for the one that ended last until then.
 */
function criticalPath(rows: readonly Draft[]): void {
  const [entry] = rows
  if (entry === undefined) return
  const stack = [{ index: 0, until: entry.endMicros }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const row = rows[next.index] as Draft
    let cursor = Math.min(row.endMicros, next.until)
    const byEnd = row.children.toSorted((a, b) => (rows[b]?.endMicros ?? 0) - (rows[a]?.endMicros ?? 0))
    for (const index of byEnd) {
      const callee = rows[index] as Draft
      const end = Math.min(callee.endMicros, cursor)
      if (callee.startMicros >= cursor || end <= callee.startMicros || callee.endMicros > cursor + 1) continue
      if (end < cursor) row.critical.push([end, cursor])
      stack.push({ index, until: end })
      cursor = callee.startMicros
    }
    if (cursor > row.startMicros) row.critical.push([row.startMicros, cursor])
    row.critical.reverse()
  }
}

/** Indexes of the rows that are shown: without what is below a collapsed one. */
export function shownRows(rows: readonly TraceRow[], collapsed: ReadonlySet<string>): number[] {
  const shown: number[] = []
  let hiddenBelow = Infinity
  for (const [index, row] of rows.entries()) {
    if (row.depth > hiddenBelow) continue
    hiddenBelow = collapsed.has(row.key) ? row.depth : Infinity
    shown.push(index)
  }
  return shown
}

/** Whether a row has a text in its names, values or errors, whatever its case. */
export function holdsText({ hop, call }: TraceRow, text: string): boolean {
  const wanted = text.toLowerCase()
  const texts: (string | number | null | undefined)[] =
    hop === undefined
      ? [call?.service, call?.target, call?.method, call?.outcome, call?.hopId]
      : [
          hop.service,
          hop.instance,
          hop.method,
          hop.route,
          hop.status,
          hop.hopId,
          hop.error?.name,
          hop.error?.message,
          hop.error?.code,
          ...Object.entries(hop.keys).flat(),
          ...Object.entries(hop.attributes).map(([name, value]) => `${name}=${String(value)}`),
          ...hop.events.map(({ name }) => name),
        ]
  return texts.some((one) => one !== null && one !== undefined && String(one).toLowerCase().includes(wanted))
}

/** Nanoseconds since the epoch of an ISO time with up to nine decimals. */
export function nanosOf(iso: string): bigint {
  const [seconds = '', decimals = ''] = iso.replace('Z', '').split('.')
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(decimals.padEnd(9, '0').slice(0, 9) || '0')
}
