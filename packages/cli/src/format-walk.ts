import type { Answer } from './answer.js'
import { callHead, hopDetails, hopHead } from './format-hop.js'
import { formatVerdict } from './format-verdict.js'
import { plain, type Paint } from './paint.js'
import { walkTree, type WalkNode } from './walk-tree.js'
import type { Waterfall } from './waterfall.js'

/** Makes the bars for a walk, given how wide the lines of its hops are; undefined where there shall be none. */
export type Bars = (headColumns: readonly number[]) => Waterfall | undefined

/**
 * A whole answer as `hoptrace resolve` prints it: the walk, with bars at its right where `bars` makes some, then the verdict. Lines
 * without line ends.
 */
export function formatAnswer(answer: Answer, paint: Paint = plain, bars?: Bars): string[] {
  const walk = formatWalk(answer, paint, bars)
  return [...walk, ...(walk.length > 0 ? [''] : []), ...formatVerdict(answer, paint)]
}

/** Only the walk: one block per hop, in causal order, indented below its caller. */
export function formatWalk(answer: Answer, paint: Paint = plain, bars?: Bars): string[] {
  const trees = walkTree(answer).map((root) => blocksOf(root, '', ''))
  const fall = bars?.(trees.flat().map(({ node, first }) => columnsOf(first + headOf(node, answer, plain))))
  const lines = trees.flatMap((blocks, index) => [
    ...(index > 0 ? ['', paint.faint('no known call leads to:')] : []),
    ...blocks.flatMap((block) => formatBlock(block, answer, paint, fall)),
  ])
  return fall === undefined ? lines : [`${' '.repeat(fall.column)}${fall.axis}`, ...lines]
}

/** A place in the tree, and what is drawn before its first line and before the others. */
interface Block {
  readonly node: WalkNode
  readonly first: string
  readonly trunk: string
}

function blocksOf(node: WalkNode, first: string, rest: string): Block[] {
  const { children } = node
  return [
    { node, first, trunk: children.length > 0 ? `${rest}│ ` : `${rest}  ` },
    ...children.flatMap((child, index) => {
      const last = index === children.length - 1
      return blocksOf(child, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`)
    }),
  ]
}

function formatBlock(
  { node, first, trunk }: Block,
  answer: Answer,
  paint: Paint,
  fall: Waterfall | undefined,
): string[] {
  const head = `${paint.faint(first)}${headOf(node, answer, paint)}`
  const note = fall?.note(node)
  const details = [
    ...(node.hop ? hopDetails(node.hop, node.call, paint) : []),
    ...(note === undefined ? [] : [paint.faint(note)]),
  ].map((line) => `${paint.faint(trunk)}  ${line}`)
  const bar = fall?.bar(node)
  if (fall === undefined || bar === undefined) return [head, ...details]
  const barAfter = (line: string, columns: number): string =>
    `${line}${' '.repeat(Math.max(0, fall.column - columns))}${bar}`
  const columns = columnsOf(first + headOf(node, answer, plain))
  if (columns < fall.column) return [barAfter(head, columns), ...details]
  // The bar of a line that is too long is below the line.
  return [head, barAfter(paint.faint(trunk), columnsOf(trunk)), ...details]
}

function headOf(node: WalkNode, answer: Answer, paint: Paint): string {
  const head = node.hop ? hopHead(node.hop, paint) : node.call ? callHead(node.call, paint) : ''
  return `${head}${endMark(node, answer, paint)}`
}

/** Columns on the terminal of a text without colours. */
function columnsOf(text: string): number {
  return Array.from(text).length
}

function endMark(node: WalkNode, answer: Answer, paint: Paint): string {
  const id = node.hop?.hopId ?? node.call?.hopId
  if (id === undefined || answer.verdict === 'completed') return ''
  if (id === answer.endedAt?.hopId) {
    const text = `  ◀ ${END_MARKS[answer.verdict] ?? 'ended here'}`
    return answer.verdict === 'running' ? paint.waiting(text) : paint.bad(text)
  }
  return id === answer.lastHealthy?.hopId ? paint.good('  ◀ last healthy') : ''
}

const END_MARKS: Readonly<Record<string, string>> = {
  failed: 'failed here',
  died: 'died here',
  unreachable: 'never reached',
  interrupted: 'interrupted here',
  running: 'running here',
  undetermined: 'unknown',
}
