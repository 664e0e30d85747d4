/**
 * The cost of tracing for a saturated server, with all threads of the server's process: requests per second
 * against bare, CPU added per request, and resident memory added, before the load and while it lasts. Two
 * kinds of work: a hello world, and an order with three events, a key and two calls by axios, of which one is
 * slow.
 *
 * First, a hundred requests show that each variant records every one. Then every round measures all variants
 * of a framework and a work one after the other in fresh processes, and begins with another variant than the
 * round before. The figures are medians over the rounds. The row "bare, again" shows their noise.
 *
 * `npm run bench -- --rounds 4 --seconds 3 --node 20,22,24,26 --modes again,hoptrace,hook,otel`
 * `--only express,koa`, `--work leaf` and `--json FILE` are the other options.
 * `npm run bench -- --soak 10000000` shows the heap of a server over that many requests instead.
 * The servers run on Node 24 (`--node`), the load in this process.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Around } from './around.js'
import { nodeOf, type NodeLine } from './node-line.js'
import { overheadOptions, variants, type Variant } from './overhead-options.js'
import { overheadTable, type OverheadSample } from './overhead-table.js'
import { measure, type Work } from './server-load.js'
import { soak } from './soak.js'

/** The shipping thread has its store by then. */
const restMillis = 2000

const options = overheadOptions(process.argv.slice(2))
const nodes: NodeLine[] = []
for (const line of options.nodes) {
  const node = await nodeOf(line)
  // Their samples would be one group of rows.
  if (nodes.some(({ version }) => version === node.version))
    throw new Error(`--node names Node ${node.version} twice`)
  nodes.push(node)
}
if (options.soak === undefined) await compare()
else for (const node of nodes) console.log(await soak(options.soak, node))

async function compare(): Promise<void> {
  const around = new Around()
  const addresses = await around.listen()
  const groups = nodes.flatMap((node) =>
    options.frameworks.flatMap((framework) => options.works.map((work) => ({ node, framework, work }))),
  )
  for (const { node, framework, work } of groups) {
    for (const variant of variantsOf(work)) {
      const mode = variants[variant]
      if (mode === 'bare') continue
      await around.verify(framework, mode, { work, ...addresses }, [node.execPath])
    }
  }
  const samples: OverheadSample[] = []
  const date = new Date().toISOString()
  for (let round = 1; round <= options.rounds; round++) {
    for (const { node, framework, work } of groups) {
      for (const variant of rotated(variantsOf(work), round - 1)) {
        const [loadAverage = 0] = os.loadavg()
        const sample = await measure(framework, variants[variant], {
          seconds: options.seconds,
          restMillis,
          surroundings: { work, ...addresses },
          runtime: [node.execPath],
        })
        samples.push({ node: node.version, framework, work, variant, round, loadAverage, ...sample })
        const { requestsPerSecond, cpuMicros } = sample
        console.error(
          `round ${round} of ${options.rounds}: Node ${node.version}, ${framework}, ${work}, ${variant}: ` +
            `${Math.round(requestsPerSecond)} req/s, ${cpuMicros.toFixed(1)} µs a request`,
        )
      }
    }
    write(date, samples)
  }
  around.close()
  console.log(overheadTable(samples))
}

/** The hook has no part in what an order records. */
function variantsOf(work: Work): readonly Variant[] {
  return options.variants.filter((variant) => work === 'leaf' || variant !== 'hook')
}

function rotated<T>(all: readonly T[], by: number): T[] {
  const first = by % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

/** After each round, so that a run that is stopped leaves what it has. */
function write(date: string, samples: readonly OverheadSample[]): void {
  const { rounds, seconds } = options
  const [cpu] = os.cpus()
  const host = {
    cpu: cpu?.model,
    cores: os.cpus().length,
    memoryBytes: os.totalmem(),
    loadAverage: os.loadavg(),
    nodeOfLoad: process.versions.node,
  }
  mkdirSync(path.dirname(options.json), { recursive: true })
  writeFileSync(options.json, JSON.stringify({ date, host, rounds, seconds, restMillis, samples }, null, 2))
}
