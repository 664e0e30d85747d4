import { Component } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { axisTicks, formatDuration } from '../../src/model/format.js'
import { nanosOf, type TraceModel, type TraceRow } from '../../src/model/trace-model.js'

interface Props {
  readonly model: TraceModel
  /** Indexes of the rows that are not below a collapsed one. */
  readonly shown: readonly number[]
  readonly collapsed: ReadonlySet<string>
  readonly chosen: number
  readonly found: ReadonlySet<number>
  readonly onChoose: (index: number) => void
  readonly onToggle: (index: number) => void
}

const ROW_PIXELS = 28
/** Rows above and below the visible ones that are there already when the list is moved. */
const SPARE = 12

/** The tree and the bars on one time axis. Only the visible rows are in the document, so thousands of hops stay quick. */
export function Waterfall({ model, shown, collapsed, chosen, found, onChoose, onToggle }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ from: 0, to: 60 })
  const measure = (): void => {
    const { current } = box
    if (current === null) return
    const from = Math.max(0, Math.floor(current.scrollTop / ROW_PIXELS) - SPARE)
    const to = Math.ceil((current.scrollTop + current.clientHeight) / ROW_PIXELS) + SPARE
    setView((before) => (before.from === from && before.to === to ? before : { from, to }))
  }
  useLayoutEffect(measure, [shown.length])
  useEffect(() => {
    window.addEventListener('resize', measure)
    return () => window.removeEventListener('resize', measure)
  }, [])
  const place = shown.indexOf(chosen)
  useLayoutEffect(() => {
    const { current } = box
    if (current === null || place < 0) return
    const top = place * ROW_PIXELS
    if (top < current.scrollTop) current.scrollTop = top
    else if (top + 2 * ROW_PIXELS > current.scrollTop + current.clientHeight)
      current.scrollTop = top + 2 * ROW_PIXELS - current.clientHeight
  }, [place])
  const ticks = axisTicks(model.spanMicros, 5)
  return (
    <div class="waterfall">
      <div class="axis" aria-hidden="true">
        <div class="ticks">
          {ticks.map((at) => (
            <span key={at} style={{ left: `${(100 * at) / model.spanMicros}%` }}>
              {formatDuration(at)}
            </span>
          ))}
        </div>
      </div>
      <div
        class="rows"
        ref={box}
        onScroll={measure}
        role="treegrid"
        aria-label="Hops"
        aria-rowcount={shown.length}
        aria-readonly="true"
        tabIndex={0}
        {...(place >= view.from && place < view.to ? { 'aria-activedescendant': `row-${chosen}` } : {})}
      >
        <div role="presentation" style={{ height: `${shown.length * ROW_PIXELS}px` }}>
          {shown.slice(view.from, view.to).map((index, offset) => {
            const row = model.rows[index]
            return row === undefined ? null : (
              <Row
                key={row.key}
                row={row}
                index={index}
                place={view.from + offset}
                spanMicros={model.spanMicros}
                startTime={model.startTime}
                isCollapsed={collapsed.has(row.key)}
                isChosen={index === chosen}
                isFound={found.has(index)}
                onChoose={onChoose}
                onToggle={onToggle}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

interface RowProps {
  readonly row: TraceRow
  readonly index: number
  readonly place: number
  readonly spanMicros: number
  readonly startTime: string | null
  readonly isCollapsed: boolean
  readonly isChosen: boolean
  readonly isFound: boolean
  readonly onChoose: (index: number) => void
  readonly onToggle: (index: number) => void
}

/** While the list moves, rows that stay are not made again. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    return (Object.keys(next) as (keyof RowProps)[]).some((name) => next[name] !== this.props[name])
  }

  override render(props: RowProps) {
    return rowOf(props)
  }
}

function rowOf({
  row,
  index,
  place,
  spanMicros,
  startTime,
  isCollapsed,
  isChosen,
  isFound,
  onChoose,
  onToggle,
}: RowProps) {
  const { hop, call, depth, children } = row
  const classes = [
    'row',
    ...(isChosen ? ['chosen'] : []),
    ...(isFound ? ['found'] : []),
    ...(row.isEnd ? ['end'] : []),
  ]
  return (
    <div
      id={`row-${index}`}
      class={classes.join(' ')}
      role="row"
      aria-level={depth + 1}
      aria-rowindex={place + 1}
      aria-selected={isChosen}
      {...(children.length === 0 ? {} : { 'aria-expanded': !isCollapsed })}
      style={{ top: `${place * ROW_PIXELS}px` }}
      onClick={() => onChoose(index)}
      onDblClick={() => onToggle(index)}
    >
      <div class="name" role="gridcell" style={{ paddingLeft: `${Math.min(depth, 24) * 14 + 4}px` }}>
        <span
          class="fold"
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation()
            onToggle(index)
          }}
        >
          {children.length === 0 ? '' : isCollapsed ? '▸' : '▾'}
        </span>
        <span class={`sign ${toneOf(row)}`}>{signOf(row)}</span>
        <strong>{hop?.service ?? call?.service ?? call?.target}</strong>
        <span class="what">
          {hop === undefined ? gapText(row) : `${hop.method ?? ''} ${hop.route ?? ''}`}
        </span>
        {row.isEnd && <span class="mark bad">◀ ended here</span>}
        {row.isLastHealthy && <span class="mark">◀ last healthy</span>}
      </div>
      <div class="track" role="gridcell">
        <Bar row={row} spanMicros={spanMicros} startTime={startTime} />
      </div>
    </div>
  )
}

function Bar({
  row,
  spanMicros,
  startTime,
}: {
  readonly row: TraceRow
  readonly spanMicros: number
  readonly startTime: string | null
}) {
  const { startMicros, endMicros, hop } = row
  const percent = (micros: number): string =>
    `${(100 * Math.max(0, Math.min(micros, spanMicros))) / spanMicros}%`
  const isRight = startMicros > spanMicros * 0.75
  const label = row.isOpen
    ? `${formatDuration(endMicros - startMicros)} …`
    : formatDuration(endMicros - startMicros)
  const origin = startTime === null ? 0n : nanosOf(startTime)
  return (
    <>
      <span
        class={`bar ${toneOf(row)}${hop === undefined ? ' gap' : ''}${row.isOpen ? ' open-end' : ''}`}
        style={{ left: percent(startMicros), width: percent(endMicros - startMicros) }}
      />
      {row.critical.map(([from, to]) => (
        <span key={from} class="critical" style={{ left: percent(from), width: percent(to - from) }} />
      ))}
      {hop?.events.map((event, at) => (
        <span
          key={at}
          class="event"
          style={{ left: percent(Number(nanosOf(event.time) - origin) / 1000 + row.shiftMicros) }}
          title={event.name}
        />
      ))}
      <span
        class="length"
        style={
          isRight
            ? { right: `calc(100% - ${percent(startMicros)} + 4px)` }
            : { left: `calc(${percent(endMicros)} + 4px)` }
        }
      >
        {label}
        {Math.abs(row.shiftMicros) >= 1000 && ' ⇄'}
      </span>
    </>
  )
}

function toneOf({ hop, isError, isOpen, isEnd }: TraceRow): string {
  if (isEnd || isError) return 'bad'
  if (isOpen) return 'open'
  return hop === undefined ? 'unsure' : 'good'
}

function signOf({ hop, isError, isOpen, isEnd }: TraceRow): string {
  if (isEnd) return '✗'
  if (isError) return '!'
  if (isOpen) return '…'
  return hop === undefined ? '·' : '✔'
}

function gapText({ call }: TraceRow): string {
  const outcome = call?.outcome ?? 'no answer'
  if (call?.found === 'hop' || call?.found === undefined) return `${call?.method ?? ''} ${outcome}, not asked`
  return `${call.method ?? ''} ${outcome}, ${GAPS[call.found] ?? call.found}`
}

/** Why a call led to no hop. */
const GAPS: Readonly<Record<string, string>> = {
  absent: 'no record',
  untraced: 'not traced',
  unknown: 'not known',
  skipped: 'not asked',
}
