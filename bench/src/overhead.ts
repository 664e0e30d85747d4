/**
 * The cost of tracing for a saturated hello-world server: CPU added per request (all threads of the server's
 * process), and requests per second relative to bare. First, a hundred requests show that each variant
 * records every one. Then every round measures bare, hoptrace and OpenTelemetry JS one after the other in
 * fresh processes. The output has the medians over all rounds.
 * `npm run bench:overhead -- --rounds 5 --seconds 4 [--only express]`
 */
import autocannon from 'autocannon'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { median, table } from './report.js'

const frameworks = ['express', 'koa', 'fastify'] as const
const modes = ['bare', 'hoptrace', 'otel'] as const
type Mode = (typeof modes)[number]
type Framework = (typeof frameworks)[number]

interface Sample {
  readonly requestsPerSecond: number
  readonly cpuMicros: number
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    only: { type: 'string' },
  },
})

/**
 * Runs `use` against a fresh server. When it resolves, the server's records are in its store, or at the sink.
 */
async function withServer<T>(
  framework: Framework,
  mode: Mode,
  use: (url: string, child: ChildProcess) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-'))
  const child = fork(new URL('../servers/app.mjs', import.meta.url), [framework, mode], {
    env: { ...process.env, BENCH_DIR: dir, BENCH_OTLP_URL: otlpUrl, NODE_ENV: 'production' },
    execArgv: [],
  })
  try {
    const { port } = (await message(child)) as { port: number }
    return await use(`http://127.0.0.1:${port}/hello/world`, child)
  } finally {
    const exit = once(child, 'exit')
    child.send('stop')
    await exit
    rmSync(dir, { recursive: true, force: true })
  }
}

const measure = (framework: Framework, mode: Mode): Promise<Sample> =>
  withServer(framework, mode, async (url, child) => {
    await autocannon({ url, connections: 50, duration: 2 })
    const before = await usage(child)
    const result = await autocannon({ url, connections: 50, duration: Number(values.seconds) })
    const after = await usage(child)
    if (result.non2xx > 0 || result.errors > 0) throw new Error(`${framework} ${mode}: requests failed`)
    const used = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system
    return { requestsPerSecond: result.requests.average, cpuMicros: used / result.requests.total }
  })

/** Checks that a variant traces. A variant that does not would look fast. */
async function verify(framework: Framework): Promise<void> {
  const requests = 100
  const recorded = await withServer(framework, 'hoptrace', async (url, child) => {
    for (let i = 0; i < requests; i++) await (await fetch(url)).text()
    return (await usage(child)).stats?.appended
  })
  if (recorded !== requests) throw new Error(`${framework}: hoptrace recorded ${recorded} of ${requests}`)
  serverSpans = 0
  await withServer(framework, 'otel', async (url) => {
    for (let i = 0; i < requests; i++) await (await fetch(url)).text()
  })
  if (serverSpans !== requests)
    throw new Error(`${framework}: OpenTelemetry sent ${serverSpans} of ${requests}`)
}

interface Usage {
  readonly cpu: NodeJS.CpuUsage
  readonly stats?: { readonly appended: number }
}

async function usage(child: ChildProcess): Promise<Usage> {
  child.send('cpu')
  return (await message(child)) as Usage
}

async function message(child: ChildProcess): Promise<unknown> {
  const [first] = (await once(child, 'message')) as [unknown]
  return first
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
  const samples: Record<Mode, Sample[]> = { bare: [], hoptrace: [], otel: [] }
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const mode of modes) samples[mode].push(await measure(framework, mode))
  }
  const rate = (mode: Mode): number =>
    median(samples[mode].map((s, i) => s.requestsPerSecond / (samples.bare[i] as Sample).requestsPerSecond))
  const added = (mode: Mode): number =>
    median(samples[mode].map((s, i) => s.cpuMicros - (samples.bare[i] as Sample).cpuMicros))
  const bare = median(samples.bare.map((s) => s.cpuMicros))
  rows.push([`${framework} bare`, '1.00', `${bare.toFixed(1)} us a request`, ''])
  for (const mode of ['hoptrace', 'otel'] as const) {
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
