import type { Answer } from './answer.js'
import { callHead, hopDetails, hopHead } from './format-hop.js'
import { formatVerdict } from './format-verdict.js'
import { plain, type Paint } from './paint.js'
import { walkTree, type WalkNode } from './walk-tree.js'

/** A whole answer as `hoptrace resolve` prints it: the walk, then the verdict. Lines without line ends. */
export function formatAnswer(answer: Answer, paint: Paint = plain): string[] {
  const walk = formatWalk(answer, paint)
  return [...walk, ...(walk.length > 0 ? [''] : []), ...formatVerdict(answer, paint)]
}

/** Only the walk: one block per hop, in causal order, indented below its caller. */
export function formatWalk(answer: Answer, paint: Paint = plain): string[] {
  const roots = walkTree(answer)
  return roots.flatMap((root, index) => [
    ...(index > 0 ? ['', paint.faint('no known call leads to:')] : []),
    ...formatNode(root, answer, '', '', paint),
  ])
}

function formatNode(node: WalkNode, answer: Answer, first: string, rest: string, paint: Paint): string[] {
  const mark = endMark(node, answer, paint)
  const head = node.hop ? hopHead(node.hop, paint) : node.call ? callHead(node.call, paint) : ''
  const trunk = paint.faint(node.children.length > 0 ? `${rest}│ ` : `${rest}  `)
  const details = node.hop ? hopDetails(node.hop, node.call, paint) : []
  return [
    `${paint.faint(first)}${head}${mark}`,
    ...details.map((line) => `${trunk}  ${line}`),
    ...node.children.flatMap((child, index) => {
      const last = index === node.children.length - 1
      return formatNode(
        child,
        answer,
        `${rest}${last ? '└─ ' : '├─ '}`,
        `${rest}${last ? '   ' : '│  '}`,
        paint,
      )
    }),
  ]
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
