/**
 * The cost of tracing for a saturated server: CPU added per request (all threads of the server's process), and requests per second relative
 * to bare. Two kinds of work: a hello world, and an order with three events, a key and two calls by axios, of which one is slow.
 * First, a hundred requests show that each variant records every one. Then every round measures bare, hoptrace by its adapter and by the hook for `--import`, and OpenTelemetry JS, one after the other in fresh processes. The output has
 * the medians over all rounds.
 * `npm run bench:overhead -- --rounds 5 --seconds 4 [--only express] [--work leaf] [--modes hoptrace,otel]`. `BENCH_NODE` names another executable for the servers.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { median, table } from './report.js'
import {
  frameworks,
  measure,
  slowMillis,
  usage,
  withServer,
  works,
  type Framework,
  type Mode,
  type Sample,
  type Surroundings,
  type Work,
} from './server-load.js'

/** The variants that a kind of work is measured with. */
const modesOf: Readonly<Record<Work, readonly Mode[]>> = {
  leaf: ['bare', 'hoptrace', 'hook', 'otel'],
  order: ['bare', 'hoptrace', 'otel'],
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    only: { type: 'string' },
    work: { type: 'string' },
    modes: { type: 'string' },
  },
})

/** Checks that a variant traces. A variant that does not would look fast. */
async function verify(framework: Framework, mode: Mode, surroundings: Surroundings): Promise<void> {
  if (mode === 'bare') return
  const requests = 100
  counted = { server: 0, client: 0, events: 0 }
  const stats = await withServer(framework, mode, surroundings, async (url, child) => {
    for (let i = 0; i < requests; i++) await (await fetch(url)).text()
    return mode === 'otel' ? undefined : (await usage(child)).stats
  })
  const name = `${framework}, ${surroundings.work}, ${mode}`
  const isOrder = surroundings.work === 'order'
  const expected = {
    server: requests,
    client: isOrder ? 2 * requests : 0,
    events: isOrder ? 3 * requests : 0,
  }
  if (mode === 'otel') {
    if (JSON.stringify(counted) !== JSON.stringify(expected))
      throw new Error(`${name}: sent ${JSON.stringify(counted)} instead of ${JSON.stringify(expected)}`)
    return
  }
  if (stats?.appended !== requests) throw new Error(`${name}: recorded ${stats?.appended} of ${requests}`)
  // An event of an order takes more than 20 bytes in the log, a call more than 40.
  if (isOrder && stats.bytes < 200 * requests) throw new Error(`${name}: events or calls are missing`)
}

/** What the sink received: spans of kind SERVER (2) and CLIENT (3), and events of an order. */
let counted = { server: 0, client: 0, events: 0 }
const sink = createServer((req, res) => {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    const text = Buffer.concat(chunks).toString('latin1')
    const count = (part: RegExp): number => text.match(part)?.length ?? 0
    counted.server += count(/"kind":2/g)
    counted.client += count(/"kind":3/g)
    counted.events += count(/"name":"(?:order\.received|stock\.reserved|payment\.taken)"/g)
    res.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
/** What an order calls. */
const callee = createServer((req, res) => {
  const answer = (): void =>
    void res.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
  if (req.url === '/payment') setTimeout(answer, slowMillis)
  else answer()
})
const urlOf = async (server: Server): Promise<string> => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const around = { otlpUrl: `${await urlOf(sink)}/v1/traces`, calleeUrl: await urlOf(callee) }

const rows: string[][] = []
for (const framework of frameworks) {
  if (values.only !== undefined && values.only !== framework) continue
  for (const work of Object.keys(works) as Work[]) {
    if (values.work === undefined || values.work === work) rows.push(...(await compare(framework, work)))
  }
}
for (const server of [sink, callee]) {
  server.close()
  server.closeAllConnections()
}
console.log(table(['', 'req/s against bare', 'CPU a request', 'of OpenTelemetry'], rows))

/** The rows of one framework and one kind of work. */
async function compare(framework: Framework, work: Work): Promise<string[][]> {
  const surroundings = { work, ...around }
  const named = values.modes?.split(',')
  const modes = modesOf[work].filter((mode) => mode === 'bare' || (named?.includes(mode) ?? true))
  for (const mode of modes) await verify(framework, mode, surroundings)
  const samples = new Map<Mode, Sample[]>(modes.map((mode) => [mode, []]))
  const of = (mode: Mode): Sample[] => samples.get(mode) ?? []
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const mode of modes)
      of(mode).push(await measure(framework, mode, Number(values.seconds), surroundings))
  }
  const against = (mode: Mode, compared: (sample: Sample, bare: Sample) => number): number =>
    median(of(mode).map((sample, i) => compared(sample, of('bare')[i] as Sample)))
  const added = (mode: Mode): number => against(mode, (sample, bare) => sample.cpuMicros - bare.cpuMicros)
  const name = work === 'leaf' ? framework : `${framework}, ${work}`
  return modes.map((mode) =>
    mode === 'bare'
      ? [`${name} bare`, '1.00', `${median(of('bare').map((s) => s.cpuMicros)).toFixed(1)} us a request`, '']
      : [
          `${name} + ${mode}`,
          against(mode, (s, bare) => s.requestsPerSecond / bare.requestsPerSecond).toFixed(2),
          `+${added(mode).toFixed(1)} us`,
          modes.includes('otel') ? (added(mode) / added('otel')).toFixed(2) : '',
        ],
  )
}
