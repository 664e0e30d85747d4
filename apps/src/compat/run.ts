import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { tryFramework, Stock } from './chain.js'
import { clients, frameworks, nodeLines, type Client, type Framework } from './matrix.js'
import { install, packed, type Node, type Project } from './project.js'
import type { Cell } from './table.js'

const execute = promisify(execFile)

/** Which part of the matrix to try. */
export interface Part {
  readonly nodes: readonly (typeof nodeLines)[number][]
  readonly frameworks: readonly Framework[]
  readonly clients: readonly Client[]
}

export const whole: Part = { nodes: nodeLines, frameworks, clients }

/** Tries the packages of the repository at `root`. Gives the cells, and the versions of Node; `tell` gets a line of progress for each framework. */
export async function run(
  root: string,
  part: Part,
  tell: (line: string) => void,
): Promise<{ readonly cells: readonly Cell[]; readonly nodes: readonly string[] }> {
  const cells: Cell[] = []
  const executables = await Promise.all(part.nodes.map(nodeOf))
  await using packages = await packed(root)
  for (const name of new Set(part.frameworks.map(({ project }) => project))) {
    const own = part.frameworks.filter(({ project }) => project === name)
    await using project = await install([...own, ...part.clients], packages.tarballs)
    for (const node of executables) {
      await using stock = await Stock.start(node.path, project)
      for (const framework of own) {
        const tried = await cellsOf(project, stock, framework, part.clients, node)
        cells.push(...tried)
        const failed = tried.filter(({ wrong }) => wrong !== undefined)
        tell(
          `Node ${node.version}, ${framework.title}: ${tried.length - failed.length} of ${tried.length}` +
            failed.map(({ client, wrong }) => `\n  ${client.title}: ${String(wrong)}`).join(''),
        )
      }
    }
  }
  return { cells, nodes: executables.map(({ version }) => version) }
}

async function cellsOf(
  project: Project,
  stock: Stock,
  framework: Framework,
  all: readonly Client[],
  node: Node,
): Promise<Cell[]> {
  const runs = (await project.runsOn(framework, node)) && (await project.loadsOn(framework, node))
  if (!runs) return []
  const able: Client[] = []
  for (const client of all) if (await project.runsOn(client, node)) able.push(client)
  const outcomes = await tryFramework(project, stock, framework, able)
  const frameworkVersion = await project.versionOf(framework)
  return Promise.all(
    able.map(async (client) => ({
      framework,
      frameworkVersion,
      client,
      clientVersion: await project.versionOf(client),
      node: node.version,
      wrong: outcomes.get(client),
    })),
  )
}

/** The executable of a line of Node: this process's own, or that of the npm package `node`. */
async function nodeOf(line: string): Promise<Node> {
  const [own] = process.versions.node.split('.')
  if (own === line) return { path: process.execPath, version: process.versions.node }
  const show = 'console.log(JSON.stringify({ path: process.execPath, version: process.versions.node }))'
  const args = ['exec', '--yes', `--package=node@${line}`, '--', 'node', '-e', show]
  const { stdout } = await execute('npm', args, { timeout: 300_000 })
  return JSON.parse(stdout) as Node
}
