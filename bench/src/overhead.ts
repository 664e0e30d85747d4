/**
 * The cost of tracing for a saturated hello-world server: CPU added per request (all threads of the server's
 * process), and requests per second relative to bare. First, a hundred requests show that each variant
 * records every one. Then every round measures bare, hoptrace by its adapter and by the hook for `--import`, and OpenTelemetry JS one after the other in
 * fresh processes. The output has the medians over all rounds.
 * `npm run bench:overhead -- --rounds 5 --seconds 4 [--only express]`
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { median, table } from './report.js'
import {
  frameworks,
  measure,
  usage,
  withServer,
  type Framework,
  type Mode,
  type Sample,
} from './server-load.js'

const modes = ['bare', 'hoptrace', 'hook', 'otel'] as const

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    only: { type: 'string' },
  },
})

/** Checks that a variant traces. A variant that does not would look fast. */
async function verify(framework: Framework): Promise<void> {
  const requests = 100
  for (const mode of ['hoptrace', 'hook'] as const) {
    const recorded = await withServer(framework, mode, otlpUrl, async (url, child) => {
      for (let i = 0; i < requests; i++) await (await fetch(url)).text()
      return (await usage(child)).stats?.appended
    })
    if (recorded !== requests) throw new Error(`${framework}: ${mode} recorded ${recorded} of ${requests}`)
  }
  serverSpans = 0
  await withServer(framework, 'otel', otlpUrl, async (url) => {
    for (let i = 0; i < requests; i++) await (await fetch(url)).text()
  })
  if (serverSpans !== requests)
    throw new Error(`${framework}: OpenTelemetry sent ${serverSpans} of ${requests}`)
}

/** Spans of kind SERVER (2) that the sink received. */
let serverSpans = 0
const sink = createServer((req, res) => {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    serverSpans += Buffer.concat(chunks).toString('latin1').split('"kind":2').length - 1
    res.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
}).listen(0, '127.0.0.1')
await once(sink, 'listening')
const otlpUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/v1/traces`

const rows: string[][] = []
for (const framework of frameworks) {
  if (values.only !== undefined && values.only !== framework) continue
  await verify(framework)
  const samples: Record<Mode, Sample[]> = { bare: [], hoptrace: [], hook: [], otel: [] }
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const mode of modes)
      samples[mode].push(await measure(framework, mode, Number(values.seconds), otlpUrl))
  }
  const rate = (mode: Mode): number =>
    median(samples[mode].map((s, i) => s.requestsPerSecond / (samples.bare[i] as Sample).requestsPerSecond))
  const added = (mode: Mode): number =>
    median(samples[mode].map((s, i) => s.cpuMicros - (samples.bare[i] as Sample).cpuMicros))
  const bare = median(samples.bare.map((s) => s.cpuMicros))
  rows.push([`${framework} bare`, '1.00', `${bare.toFixed(1)} us a request`, ''])
  for (const mode of ['hoptrace', 'hook', 'otel'] as const) {
    const share = added(mode) / added('otel')
    rows.push([
      `${framework} + ${mode}`,
      rate(mode).toFixed(2),
      `+${added(mode).toFixed(1)} us`,
      share.toFixed(2),
    ])
  }
}
sink.close()
console.log(table(['', 'req/s against bare', 'CPU a request', 'of OpenTelemetry'], rows))
