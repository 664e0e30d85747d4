/**
 * The cost of tracing on Node 24, Bun and Deno: CPU added per request of a saturated hello-world server, and requests per second
 * relative to bare. First, a hundred requests show that each variant records every one. Then every round measures
 * each of them, bare and traced, in fresh processes. The output has the medians over all rounds.
 * `npm run bench:runtimes -- --rounds 3 --seconds 3`
 */
import { parseArgs } from 'node:util'
import { runtimeNames, runtimeOf } from '../../dev/runtime.mjs'
import { Around } from './around.js'
import { nodeOf } from './node-line.js'
import { median, table } from './report.js'
import { leafAlone, measure, type Framework, type Sample } from './server-load.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
  },
})
const seconds = Number(values.seconds)

interface Variant {
  readonly name: string
  readonly command: readonly string[]
  readonly server: Framework
  readonly bare: Sample[]
  readonly traced: Sample[]
}

const node = await nodeOf('24')
const runtimes = [
  { name: 'Node 24', command: [node.execPath], servers: ['express', 'fastify'] as const },
  ...(await Promise.all(
    runtimeNames.map(async (name) => {
      const { version, command } = await runtimeOf(name)
      return { name: `${name} ${version}`, command, servers: ['express', 'fastify', 'handler'] as const }
    }),
  )),
]
const variants: Variant[] = runtimes.flatMap(({ name, command, servers }) =>
  servers.map((server) => ({ name, command, server, bare: [], traced: [] })),
)

// A leaf needs nothing around it.
const around = new Around()
for (const { command, server } of variants) await around.verify(server, 'hoptrace', leafAlone, command)
for (let round = 0; round < Number(values.rounds); round++) {
  for (const { command, server, bare, traced } of variants) {
    bare.push(await measure(server, 'bare', { seconds, runtime: command }))
    traced.push(await measure(server, 'hoptrace', { seconds, runtime: command }))
  }
}
const rows = variants.map(({ name, server, bare, traced }) => {
  const pairs = traced.map((sample, i) => [sample, bare[i] as Sample] as const)
  return [
    name,
    server === 'handler' ? 'a handler on its own server' : server,
    `${median(bare.map(({ cpuMicros }) => cpuMicros)).toFixed(1)} us`,
    `+${median(pairs.map(([with_, without]) => with_.cpuMicros - without.cpuMicros)).toFixed(1)} us`,
    median(pairs.map(([with_, without]) => with_.requestsPerSecond / without.requestsPerSecond)).toFixed(2),
  ]
})
console.log(table(['', 'server', 'CPU a request, bare', 'added', 'req/s against bare'], rows))
