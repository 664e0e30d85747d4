import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { formatDuration } from '../../src/model/format.js'
import { LOOKS } from '../../src/model/sentence.js'
import type { Found } from './search.js'

interface Props {
  readonly found: readonly Found[]
  readonly onOpen: (one: Found) => void
  /** A span that was drawn with the mouse, milliseconds since the epoch. */
  readonly onZoom: (from: number, to: number) => void
}

const HEIGHT = 220
const NEAR_PIXELS = 14
const TONES = ['good', 'bad', 'open', 'unsure'] as const
type Tone = (typeof TONES)[number]

/** Time × duration, a point a request. Form and colour of a point say its verdict; a click opens it, a drag narrows the time. */
export function Scatter({ found, onOpen, onZoom }: Props) {
  const frame = useRef<HTMLDivElement>(null)
  const latest = useRef({ found, onOpen, onZoom })
  latest.current = { found, onOpen, onZoom }
  const plot = useRef<uPlot>(undefined)
  useEffect(() => {
    const parent = frame.current
    if (parent === null) return undefined
    plot.current = new uPlot(options(parent, latest), series(latest.current.found), parent)
    const resize = new ResizeObserver(() =>
      plot.current?.setSize({ width: parent.clientWidth, height: HEIGHT }),
    )
    resize.observe(parent)
    const scheme = window.matchMedia('(prefers-color-scheme: dark)')
    const redraw = (): void => plot.current?.redraw()
    scheme.addEventListener('change', redraw)
    return () => {
      resize.disconnect()
      scheme.removeEventListener('change', redraw)
      plot.current?.destroy()
    }
  }, [])
  useEffect(() => plot.current?.setData(series(found)), [found])
  return (
    <figure class="scatter">
      <div
        ref={frame}
        role="img"
        aria-label={`${found.length} requests by time and duration; the list has the same requests`}
      />
      <figcaption>
        {TONES.map((tone) => (
          <span key={tone} class={`key ${tone}`}>
            {KEYS[tone]}
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

const KEYS: Readonly<Record<Tone, string>> = {
  good: '● completed',
  bad: '✗ failed, died, interrupted, unreachable',
  open: '▲ running',
  unsure: '○ undetermined, or not known yet',
}

function toneOf({ summary }: Found): Tone {
  return summary === undefined ? 'unsure' : LOOKS[summary.verdict].tone
}

const secondsOf = ({ time }: Found): number => Date.parse(time) / 1000
const millisOf = ({ summary, durationMicros }: Found): number =>
  (summary?.durationMicros ?? durationMicros ?? 0) / 1000

function series(found: readonly Found[]): uPlot.AlignedData {
  const sorted = found.toSorted((a, b) => secondsOf(a) - secondsOf(b))
  const of = (tone: Tone): (number | null)[] =>
    sorted.map((one) => (toneOf(one) === tone ? millisOf(one) : null))
  return [sorted.map(secondsOf), ...TONES.map(of)]
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

function options(parent: HTMLElement, latest: { current: Props }): uPlot.Options {
  const axis = (extra: uPlot.Axis): uPlot.Axis => ({
    stroke: () => colour('--faint'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
    ...extra,
  })
  return {
    width: parent.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
    scales: { x: { time: true }, y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      axis({}),
      axis({ size: 70, values: (_plot, values) => values.map((millis) => formatDuration(millis * 1000)) }),
    ],
    series: [
      {},
      ...TONES.map((tone): uPlot.Series => ({
        paths: () => null,
        points: { show: true, filter: () => null },
        label: tone,
      })),
    ],
    hooks: {
      draw: [(plot) => drawPoints(plot)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select
          if (width < 4) return
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          latest.current.onZoom(
            Math.floor(plot.posToVal(left, 'x') * 1000),
            Math.ceil(plot.posToVal(left + width, 'x') * 1000),
          )
        },
      ],
      ready: [
        (plot) =>
          plot.over.addEventListener('click', (event) => {
            const one = nearest(plot, latest.current.found, event.offsetX, event.offsetY)
            if (one !== undefined) latest.current.onOpen(one)
          }),
      ],
    },
  }
}

function nearest(plot: uPlot, found: readonly Found[], x: number, y: number): Found | undefined {
  let best: { one: Found; away: number } | undefined
  for (const one of found) {
    const away = Math.hypot(plot.valToPos(secondsOf(one), 'x') - x, plot.valToPos(millisOf(one), 'y') - y)
    if (away <= NEAR_PIXELS && (best === undefined || away < best.away)) best = { one, away }
  }
  return best?.one
}

function drawPoints(plot: uPlot): void {
  const { ctx } = plot
  const size = 4 * devicePixelRatio
  const times = plot.data[0]
  for (const [index, tone] of TONES.entries()) {
    ctx.strokeStyle = ctx.fillStyle = colour(`--${tone}`)
    ctx.lineWidth = 2 * devicePixelRatio
    for (const [at, millis] of (plot.data[index + 1] ?? []).entries()) {
      if (millis === null || millis === undefined) continue
      drawPoint(
        ctx,
        tone,
        plot.valToPos(times[at] as number, 'x', true),
        plot.valToPos(millis, 'y', true),
        size,
      )
    }
  }
}

function drawPoint(ctx: CanvasRenderingContext2D, tone: Tone, x: number, y: number, size: number): void {
  ctx.beginPath()
  if (tone === 'bad') {
    ctx.moveTo(x - size, y - size)
    ctx.lineTo(x + size, y + size)
    ctx.moveTo(x + size, y - size)
    ctx.lineTo(x - size, y + size)
    ctx.stroke()
  } else if (tone === 'open') {
    ctx.moveTo(x, y - size)
    ctx.lineTo(x + size, y + size)
    ctx.lineTo(x - size, y + size)
    ctx.fill()
  } else {
    ctx.arc(x, y, size * 0.8, 0, 2 * Math.PI)
    if (tone === 'good') ctx.fill()
    else ctx.stroke()
  }
}
