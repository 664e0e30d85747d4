import type { Frame } from './cpu-profile.js'

const width = 1200
const rowHeight = 17
const head = 44
const charWidth = 6.7
const font = 'font:11px ui-monospace,Menlo,Consolas,monospace'
/** Text beside the frames. */
const onPage = '.t{fill:#24292f}@media(prefers-color-scheme:dark){.t{fill:#d0d7de}}'

const kinds = {
  hoptrace: '#f2a154',
  'application and its packages': '#f5d76e',
  Node: '#8fc1e3',
  'garbage collector, native code': '#c3c7cb',
} as const
type Kind = keyof typeof kinds

/**
 * A flame graph without scripts: callers below, width is time, a tooltip for each frame. Frames below
 * `leastShare` of the whole are left out; a larger share is taken if the picture would otherwise have more
 * than `mostBytes`.
 */
export function flameGraph(
  title: string,
  root: Frame,
  { leastShare = 0.003, mostBytes = 60_000 } = {},
): string {
  for (let share = leastShare; ; share *= 1.25) {
    const picture = draw(title, root, share)
    if (Buffer.byteLength(picture) <= mostBytes) return picture
  }
}

function draw(title: string, root: Frame, leastShare: number): string {
  const rows: string[][] = []
  const place = (frame: Frame, level: number, x: number): void => {
    const share = frame.micros / root.micros
    ;(rows[level] ??= []).push(box(frame, x, share))
    let next = x
    for (const callee of [...frame.callees].sort((a, b) => b.micros - a.micros)) {
      if (callee.micros / root.micros < leastShare) break
      place(callee, level + 1, next)
      next += (callee.micros / root.micros) * width
    }
  }
  place(root, 0, 0)
  const height = head + rows.length * rowHeight
  const levels = rows.map(
    (boxes, level) => `<g transform="translate(0 ${height - (level + 1) * rowHeight})">${boxes.join('')}</g>`,
  )
  const names = Object.keys(kinds) as Kind[]
  const legend = names.map(
    (kind, i) =>
      `<g transform="translate(${i * 230} 25)"><rect class="${classOf(kind)}" width="12" height="12"/>` +
      `<text class="t" x="17" y="10">${kind}</text></g>`,
  )
  const fills = names.map((kind) => `.${classOf(kind)}{fill:${kinds[kind]}}`).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}">
<style>text{${font};fill:#111}${fills}${onPage}</style>
<text class="t" x="0" y="14" style="font-size:13px">${escaped(title)}</text>
${legend.join('')}
${levels.join('\n')}
</svg>
`
}

function box({ name, file, micros, callees }: Frame, x: number, share: number): string {
  const wide = share * width
  const own = micros - callees.reduce((sum, callee) => sum + callee.micros, 0)
  const ownShare = micros === 0 ? 0 : (own / micros) * share
  const tip = `${name}${file === '' ? '' : `, ${file}`}: ${percent(share)}, itself ${percent(ownShare)}`
  const text = label(file === '' ? [name] : [`${name} ${file}`, name], (wide - 4) / charWidth)
  // A gap between neighbours.
  const drawn = Math.max(wide - 0.5, 0.5).toFixed(1)
  return (
    `<g><title>${escaped(tip)}</title>` +
    `<rect class="${classOf(kindOf(file))}" x="${x.toFixed(1)}" width="${drawn}" height="16"/>` +
    (text === '' ? '' : `<text x="${(x + 2).toFixed(1)}" y="12">${escaped(text)}</text>`) +
    '</g>'
  )
}

/**
 * The first text that has room, or the beginning of the last; empty where a few characters would say nothing.
 */
function label(texts: readonly string[], room: number): string {
  const fitting = texts.find((text) => text.length <= room)
  if (fitting !== undefined) return fitting
  return room < 4 ? '' : `${(texts.at(-1) as string).slice(0, Math.floor(room) - 1)}…`
}

function kindOf(file: string): Kind {
  if (file.startsWith('packages/')) return 'hoptrace'
  if (file.startsWith('node:')) return 'Node'
  return file === '' ? 'garbage collector, native code' : 'application and its packages'
}

/** The first letter: each kind has another. */
function classOf(kind: Kind): string {
  return kind.charAt(0)
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
