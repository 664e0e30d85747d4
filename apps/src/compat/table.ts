import type { Subject } from './matrix.js'

/** One framework with one client on one line of Node. */
export interface Cell {
  readonly framework: Subject
  readonly frameworkVersion: string | undefined
  readonly client: Subject
  readonly clientVersion: string | undefined
  readonly node: string
  /** Undefined: all was recorded as it is to be. */
  readonly wrong: string | undefined
}

/** The page that `command` writes: a table of the frameworks, one of the clients, and a note for each reason to fail. */
export function page(cells: readonly Cell[], nodes: readonly string[], command: string): string {
  const failed = cells.filter(({ wrong }) => wrong !== undefined)
  const reasons = new Set(failed.map(reasonOf))
  const notes = [...reasons].map((reason) => {
    const clients = failed.filter((cell) => reasonOf(cell) === reason).map(clientOf)
    return `${reason}: ${clients.join(', ')}`
  })
  const mark = (some: readonly Cell[]): string => {
    if (some.length === 0) return '–'
    const broken = some.filter(({ wrong }) => wrong !== undefined)
    if (broken.length === 0) return '✓'
    const numbers = new Set(broken.map((cell) => [...reasons].indexOf(reasonOf(cell)) + 1))
    return `${some.length - broken.length} of ${some.length} (${[...numbers].join(', ')})`
  }
  const tableOf = (first: string, keyOf: (cell: Cell) => string): string[] => [
    `| ${[first, ...nodes.map((node) => `Node ${node}`)].join(' | ')} |`,
    `| ${['---', ...nodes.map(() => '---')].join(' | ')} |`,
    ...[...new Set(cells.map(keyOf))].map((key) => {
      const own = cells.filter((cell) => keyOf(cell) === key)
      const marks = nodes.map((node) => mark(own.filter((cell) => cell.node === node)))
      return `| ${[key, ...marks].join(' | ')} |`
    }),
  ]
  return [
    '# Compatibility',
    '',
    `\`${command}\` writes this page. On each line of Node, each framework answers a request that succeeds and one that fails, and asks a second service by each client.`,
    'A tick: both requests are one trace of two hops, with the right route, statuses and verdicts (`completed`, and `failed` at the second service), and the process wrote',
    'no warning. A dash: the package does not run on this line of Node, with or without hoptrace.',
    '',
    `${cells.length} combinations of a framework, a client and a line of Node were tried; ${failed.length === 0 ? 'none' : failed.length} failed.`,
    '',
    '## Frameworks, each with all clients',
    '',
    ...tableOf('framework', frameworkOf),
    '',
    '## Clients, each with all frameworks',
    '',
    ...tableOf('client', clientOf),
    '',
    ...(notes.length === 0
      ? []
      : ['## What fails', '', ...notes.map((note, index) => `${index + 1}. ${note}`), '']),
  ].join('\n')
}

const versioned = ({ title }: Subject, version: string | undefined): string =>
  version === undefined ? title : `${title} (${version})`

const frameworkOf = ({ framework, frameworkVersion }: Cell): string => versioned(framework, frameworkVersion)
const clientOf = ({ client, clientVersion }: Cell): string => versioned(client, clientVersion)

const reasonOf = ({ wrong = '', node, ...cell }: Cell): string =>
  `${frameworkOf({ ...cell, node, wrong })}, Node ${node}: \`${wrong.replaceAll('`', "'")}\``
