/**
 * What tracing costs a saturated hello-world server: CPU added per request, and requests a second against bare. Every round
 * measures bare, hoptrace and OpenTelemetry JS one after the other in fresh processes; the medians over rounds are printed.
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

async function measure(framework: Framework, mode: Mode, otlpUrl: string): Promise<Sample> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-'))
  const child = fork(new URL('../servers/app.mjs', import.meta.url), [framework, mode], {
    env: { ...process.env, BENCH_DIR: dir, BENCH_OTLP_URL: otlpUrl, NODE_ENV: 'production' },
    execArgv: [],
  })
  try {
    const { port } = (await message(child)) as { port: number }
    const url = `http://127.0.0.1:${port}/hello/world`
    await autocannon({ url, connections: 50, duration: 1 })
    const before = await cpu(child)
    const result = await autocannon({ url, connections: 50, duration: Number(values.seconds) })
    const used = (await cpu(child)) - before
    if (result.non2xx > 0 || result.errors > 0) throw new Error(`${framework} ${mode}: requests failed`)
    return { requestsPerSecond: result.requests.average, cpuMicros: used / result.requests.total }
  } finally {
    const exit = once(child, 'exit')
    child.send('stop')
    await exit
    rmSync(dir, { recursive: true, force: true })
  }
}

async function cpu(child: ChildProcess): Promise<number> {
  child.send('cpu')
  const { cpu } = (await message(child)) as { cpu: NodeJS.CpuUsage }
  return cpu.user + cpu.system
}

async function message(child: ChildProcess): Promise<unknown> {
  const [first] = (await once(child, 'message')) as [unknown]
  return first
}

const sink = createServer((req, res) => {
  req.resume()
  req.on('end', () => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
}).listen(0, '127.0.0.1')
await once(sink, 'listening')
const otlpUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/v1/traces`

const rows: string[][] = []
for (const framework of frameworks) {
  if (values.only !== undefined && values.only !== framework) continue
  const samples: Record<Mode, Sample[]> = { bare: [], hoptrace: [], otel: [] }
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const mode of modes) samples[mode].push(await measure(framework, mode, otlpUrl))
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
