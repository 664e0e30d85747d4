/**
 * Which frameworks and clients work with hoptrace, in which versions, on which lines of Node. Writes docs/compatibility.md; exit 1 if a combination fails.
 * `npm run compat [-- --node 20,22 --framework koa --client got]`: a part is printed and not written.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { run, whole } from './run.js'
import { page } from './table.js'

const { values } = parseArgs({
  options: { node: { type: 'string' }, framework: { type: 'string' }, client: { type: 'string' } },
})
const lines = values.node?.split(',')
const part = {
  nodes: whole.nodes.filter((line) => lines?.includes(line) ?? true),
  frameworks: whole.frameworks.filter(({ title }) => isNamed(title, values.framework)),
  clients: whole.clients.filter(({ title }) => isNamed(title, values.client)),
}

function isNamed(title: string, name: string | undefined): boolean {
  return name === undefined || title.toLowerCase().includes(name.toLowerCase())
}

const { cells, nodes } = await run(process.cwd(), part, (line) => process.stderr.write(`${line}\n`))
const text = page(cells, nodes, 'npm run compat')
if (Object.values(values).every((value) => value === undefined))
  await writeFile('docs/compatibility.md', text)
else console.log(text)
process.exitCode = cells.length > 0 && cells.every(({ wrong }) => wrong === undefined) ? 0 : 1
