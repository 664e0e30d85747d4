import type { ResolveResult } from '@hoptrace/core'
import { formatDuration, traceModel, type TraceRow } from '@hoptrace/ui/model'
import { health } from './format-hop.js'
import { padEnd } from './format-text.js'
import { plain, type Paint } from './paint.js'
import type { WalkNode } from './walk-tree.js'

/** Narrower terminals show the tree alone. */
const LEAST_COLUMNS = 100
/** Columns of the shortest and of the longest bar area. */
const LEAST_BAR = 20
const MOST_BAR = 60
/** Between the tree and the bars. */
const GAP = 2
/** Clocks that differ by less are not worth a word. */
const SHIFT_MICROS = 1000

/** Bars of a walk on one time axis, to be printed to the right of its tree. */
export interface Waterfall {
  /** The column in which the bars begin. The line of a hop that reaches to it has its bar below. */
  readonly column: number
  /** The first line of the bars: begin and end of the axis. */
  readonly axis: string
  /** The bar of a place in the tree; undefined for one that the axis does not have. */
  bar(node: WalkNode): string | undefined
  /** What to say about the bar: that it was moved, because clocks differ. */
  note(node: WalkNode): string | undefined
}

/**
 * The waterfall of an answer for a terminal of `columns`; undefined if that is too narrow, or if there is nothing to draw. `headColumns` are the widths of
 * the lines that get a bar: the bars take what these leave, from 20 columns to 60.
 *
 * Bars need no colour: `█` is a hop that ended, `▒` one that has no known end, `╌` a call without a record. A sign after a bar says what the tree
 * says: `✗` failed or died, `!` passed on a failure, `…` still running.
 */
export function waterfall(
  result: Pick<ResolveResult, 'verdict' | 'hops' | 'endedAt' | 'lastHealthy'>,
  columns: number | undefined,
  headColumns: readonly number[],
  paint: Paint = plain,
): Waterfall | undefined {
  if (columns === undefined || columns < LEAST_COLUMNS) return undefined
  const { rows, spanMicros } = traceModel(result)
  if (rows.length === 0) return undefined
  const room = columns - LEAST_BAR - GAP
  const widest = Math.max(0, ...headColumns.filter((width) => width <= room))
  const width = Math.min(columns - GAP - widest, MOST_BAR, Math.floor(columns * 0.4))
  // The model has the very objects of the answer.
  const places = new Map(rows.map((row) => [row.hop ?? row.call, row]))
  const rowOf = (node: WalkNode): TraceRow | undefined => places.get((node.hop ?? node.call) as never)
  return {
    column: columns - width,
    axis: paint.faint(axis(spanMicros, width)),
    bar: (node) => {
      const row = rowOf(node)
      return row === undefined ? undefined : bar(row, node, { spanMicros, width }, paint)
    },
    note: (node) => {
      const shift = rowOf(node)?.shiftMicros ?? 0
      return Math.abs(shift) < SHIFT_MICROS
        ? undefined
        : `⇄ its clock differs from its caller's: the bar was moved by ${formatDuration(Math.round(shift))}`
    },
  }
}

/** A span of time as columns. */
interface Scale {
  readonly spanMicros: number
  readonly width: number
}

/** The columns of a bar, from 0: it has one at least, and ends within the scale. */
export function columnsOf(
  startMicros: number,
  endMicros: number,
  { spanMicros, width }: Scale,
): { readonly from: number; readonly length: number } {
  const at = (micros: number): number =>
    Math.min(width, Math.max(0, Math.round((micros / spanMicros) * width)))
  const from = Math.min(width - 1, at(startMicros))
  return { from, length: Math.max(1, at(endMicros) - from) }
}

function bar(row: TraceRow, node: WalkNode, scale: Scale, paint: Paint): string {
  const sign = signOf(row, node)
  // The last column is the sign's, so that it fits behind every bar.
  const { from, length } = columnsOf(row.startMicros, row.endMicros, { ...scale, width: scale.width - 1 })
  const body = row.hop === undefined ? '╌' : hasNoEnd(row) ? '▒' : '█'
  const drawn = `${body.repeat(length)}${sign}`
  const tone = sign === '' ? 'good' : sign === '…' || sign === '!' ? 'waiting' : 'bad'
  return `${' '.repeat(from)}${paint[tone](drawn)}`
}

function hasNoEnd({ hop, isOpen }: TraceRow): boolean {
  return isOpen || hop?.durationMicros === null
}

function signOf({ isEnd, isError, isOpen }: TraceRow, { hop }: WalkNode): string {
  if (isEnd) return '✗'
  if (isError) return hop !== null && health(hop) === 'passed' ? '!' : '✗'
  return isOpen ? '…' : ''
}

function axis(spanMicros: number, width: number): string {
  const [start, middle, end] = ['0', formatDuration(spanMicros / 2), formatDuration(spanMicros)]
  const half = padEnd(start, Math.floor(width / 2)) + middle
  const whole = padEnd(half, width - end.length) + end
  return whole.length > width ? padEnd(start, width - end.length) + end : whole
}
