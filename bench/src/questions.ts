/**
 * A service records all the time and has many hops in its store, while ranges that match nothing are asked of
 * it. Measures, with and without these questions, how far its shipping lags, how long `metrics` takes, and
 * how much memory the service takes.
 * `npm run bench:questions -- --hops 1000000 --ranges 64 --seconds 30`
 */
import { createResolver, createTracer } from '@hoptrace/core'
import { fork, type ChildProcess } from 'node:child_process'
import { setMaxListeners } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { table } from './report.js'

const { values } = parseArgs({
  options: {
    hops: { type: 'string', default: '1000000' },
    ranges: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '30' },
    rate: { type: 'string', default: '500' },
    dir: { type: 'string', default: '' },
  },
})

interface Sample {
  readonly lag: number
  readonly rss: number
}

/**
 * Fills the store, reports that it is full, then records at a steady rate and reports its state ten times a
 * second.
 */
async function serve(dataDir: string): Promise<void> {
  const tracer = createTracer({ service: 'orders', dataDir, windowMillis: 1000, graceMillis: 200 })
  const one = (i: number): void =>
    tracer.run({ name: 'orders.place' }, () => {
      tracer.hop?.setKey('orderId', String(i))
      tracer.hop?.event('placed', { total: i % 1000, currency: 'EUR' })
    })
  let made = 0
  for (const hops = Number(values.hops); made < hops;) {
    for (let i = 0; i < 10_000 && made < hops; i++) one(made++)
    await tracer.flush()
  }
  const perTick = Math.ceil(Number(values.rate) / 20)
  setInterval(() => {
    for (let i = 0; i < perTick; i++) one(made++)
  }, 50)
  setInterval(() => {
    const sample: Sample = { lag: tracer.stats().lag, rss: process.memoryUsage().rss }
    process.send?.(sample)
  }, 100)
  process.on('disconnect', () => process.exit(0))
}

/** Asks one question; resolves to its duration in milliseconds. The signal ends it early. */
function ask(socketPath: string, what: string, signal?: AbortSignal): Promise<number> {
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    const req = request(
      { socketPath, path: `/_hoptrace/v1/${what}`, ...(signal === undefined ? {} : { signal }) },
      (res) => {
        res.resume()
        res.on('close', () => resolve(performance.now() - begun))
      },
    )
    req.on('error', (error) =>
      signal?.aborted === true ? resolve(performance.now() - begun) : reject(error),
    )
    req.end()
  })
}

/** The worst values over a period. */
async function watch(service: ChildProcess, socketPath: string): Promise<string[]> {
  const worst = { lag: 0, rss: 0, metrics: 0 }
  const take = ({ lag, rss }: Sample): void => {
    worst.lag = Math.max(worst.lag, lag)
    worst.rss = Math.max(worst.rss, rss)
  }
  service.on('message', take)
  const until = performance.now() + Number(values.seconds) * 1000
  while (performance.now() < until) {
    worst.metrics = Math.max(worst.metrics, await ask(socketPath, 'metrics'))
    await sleep(200)
  }
  service.off('message', take)
  return [
    `${(worst.lag / 1000).toFixed(1)} s`,
    `${worst.metrics.toFixed(0)} ms`,
    `${(worst.rss / 2 ** 20).toFixed(0)} MB`,
  ]
}

async function main(): Promise<void> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-questions-'))
  const args = [...process.argv.slice(2), '--dir', dir]
  const service = fork(fileURLToPath(import.meta.url), args, { execArgv: process.execArgv })
  try {
    await new Promise((resolve) => service.once('message', resolve))
    const resolver = createResolver({ dir })
    const [row] = await resolver.instances()
    await resolver.close()
    const socketPath = path.resolve(dir, row?.logDir ?? '', 'ask.sock')
    await sleep(3000)
    const rows = [['none', ...(await watch(service, socketPath))]]
    const over = new AbortController()
    setMaxListeners(0, over.signal)
    const range = `range?from=0&to=${2n ** 62n}&route=none`
    const asking = Array.from({ length: Number(values.ranges) }, async () => {
      while (!over.signal.aborted) await ask(socketPath, range, over.signal)
    })
    rows.push([`${values.ranges} ranges that match nothing`, ...(await watch(service, socketPath))])
    over.abort()
    await Promise.all(asking)
    console.log(`${values.hops} hops stored, ${values.rate} more a second`)
    console.log(table(['questions', 'lag at most', 'metrics within', 'memory at most'], rows))
  } finally {
    service.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
}

await (values.dir === '' ? main() : serve(values.dir))
