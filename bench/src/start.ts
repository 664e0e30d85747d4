/**
 * What a traced process takes longer to start: `import('@hoptrace/express')` and `createTracer`, as an application has them
 * from the packages, beside OpenTelemetry's tracer provider with the instrumentations of HTTP and Express. The shipping thread starts with the
 * first hop or the first listening socket, so it is in a row of its own. Every round starts a process of each kind. Milliseconds inside the process by the clock, and of CPU in all of its threads.
 * `npm run bench:start -- --rounds 15`
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median, table } from './report.js'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } })
/** The folder of the package itself: packages are found there as they are published. `package.json` has a copy beside this program's; this file is linked. */
const here = realpathSync(fileURLToPath(new URL('../tsconfig.json', import.meta.url)))

const programs = {
  'express alone': `await import('express')`,
  hoptrace: `
    const { createTracer } = await import('@hoptrace/core')
    const { hoptrace } = await import('@hoptrace/express')
    hoptrace(createTracer({ service: 'start', dataDir: process.argv[1] }))`,
  'hoptrace, a hop shipped': `
    const { createTracer } = await import('@hoptrace/core')
    const { hoptrace } = await import('@hoptrace/express')
    const tracer = createTracer({ service: 'start', dataDir: process.argv[1] })
    hoptrace(tracer)
    tracer.run({ name: 'job' }, () => undefined)
    await tracer.flush()`,
  OpenTelemetry: `
    const { NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node')
    const { BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base')
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
    const { HttpInstrumentation } = await import('@opentelemetry/instrumentation-http')
    const { ExpressInstrumentation } = await import('@opentelemetry/instrumentation-express')
    const { registerInstrumentations } = await import('@opentelemetry/instrumentation')
    const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] })
    provider.register()
    registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()] })`,
}

/** Milliseconds that the program took, by the clock and of CPU. */
function run(program: string, dataDir: string): { clock: number; cpu: number } {
  const text = `const began = performance.now(), before = process.cpuUsage();${program};
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ clock: performance.now() - began, cpu: (user + system) / 1000 }));process.exit(0)`
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', text, dataDir],
    { cwd: path.dirname(here), encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr.slice(-500))
  return JSON.parse(stdout) as { clock: number; cpu: number }
}

interface Times {
  readonly clock: number[]
  readonly cpu: number[]
}

const times = new Map(Object.keys(programs).map((name): [string, Times] => [name, { clock: [], cpu: [] }]))
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, program] of Object.entries(programs)) {
    const dataDir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-start-'))
    try {
      const { clock, cpu } = run(program, dataDir)
      times.get(name)?.clock.push(clock)
      times.get(name)?.cpu.push(cpu)
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  }
}
const rows = [...times].map(([name, { clock, cpu }]) => [
  name,
  median(clock).toFixed(1),
  Math.min(...clock).toFixed(1),
  median(cpu).toFixed(1),
  Math.min(...cpu).toFixed(1),
])
console.log(table(['', 'ms', 'least', 'CPU, ms', 'least'], rows))
