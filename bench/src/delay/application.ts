import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { StoreSpec } from '@hoptrace/core/store'
import { createRecorder } from '../../../packages/core/src/recorder/create-recorder.js'
import type { RunInfo } from '../../../packages/core/src/rundir/run-info.js'
import { claimRunDir } from '../../../packages/core/src/rundir/index.js'
import { normalizeOptions } from '../../../packages/core/src/settings/options.js'

/**
 * What another thread of the application does meanwhile: there is none, it counts and uses nothing but a
 * core, or it ships.
 */
export type Round =
  | { readonly kind: 'alone' | 'counting'; readonly seconds: number }
  | {
      readonly kind: 'shipping'
      readonly dataDir: string
      readonly runDir: string
      readonly run: RunInfo
      readonly store: StoreSpec
      /** How many hops the log has. */
      readonly hops: number
    }

/** What the main thread's event loop showed in a round. */
export interface Delay {
  /** Milliseconds from one turn of a timer of 1 ms to the next, as `monitorEventLoopDelay` has them. */
  readonly p50: number
  readonly p99: number
  readonly most: number
  /** Milliseconds of a second in which the main thread was ready and had no core; `NaN` where Linux does not say it. */
  readonly waitedMillisPerSecond: number
  /** Requests that were answered, a second. */
  readonly requestsPerSecond: number
  /** Hops that the store acknowledged, a second; 0 if none were to be shipped. */
  readonly hopsPerSecond: number
}

/** This share of the log is shipped before the clock begins: V8 compiles the thread's code meanwhile. */
const warmUpShare = 1 / 4

let answered = 0
const server = createServer((_, res) => {
  answered++
  res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ hello: 'world' }))
})

/** How long the main thread of this process was ready and had no core, in milliseconds. */
function waitedMillis(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6
  } catch {
    return Number.NaN
  }
}

/** @param work what resolves when the round is over, to the hops that were shipped in it */
async function measured(work: () => Promise<number>): Promise<Delay> {
  const histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: 1 })
  const before = answered
  const waited = waitedMillis()
  const begin = performance.now()
  histogram.enable()
  const hops = await work()
  histogram.disable()
  const seconds = (performance.now() - begin) / 1000
  return {
    p50: histogram.percentile(50) / 1e6,
    p99: histogram.percentile(99) / 1e6,
    most: histogram.max / 1e6,
    waitedMillisPerSecond: (waitedMillis() - waited) / seconds,
    requestsPerSecond: (answered - before) / seconds,
    hopsPerSecond: hops / seconds,
  }
}

async function counting(seconds: number): Promise<Delay> {
  const worker = new Worker('for (;;);', { eval: true })
  await once(worker, 'online')
  try {
    return await measured(() => pause(seconds * 1000, 0))
  } finally {
    await worker.terminate()
  }
}

/** Ships a log with the thread that a tracer starts, from the first hop to the last as fast as it can. */
async function shipping(round: Round & { kind: 'shipping' }): Promise<Delay> {
  const { dataDir, runDir, run, store, hops } = round
  const settings = normalizeOptions({ service: run.service, dataDir, store })
  const owned = claimRunDir(runDir)
  const stats = { appended: hops, bytes: 0, shed: 0, dropped: 0, errors: 0, unsaid: undefined }
  const recorder = createRecorder(
    settings,
    { dir: runDir, log: { stats: () => stats }, sweep: () => undefined },
    (code, message) => console.error(`${code}: ${message}`),
  )
  try {
    recorder.start(run)
    let isOver = false
    const flushed = recorder.flush().finally(() => (isOver = true))
    while (!isOver && recorder.stats().shipped < warmUpShare * hops) await Promise.race([flushed, pause(10)])
    // The thread says what it has shipped once a second.
    const before = recorder.stats().shipped
    if (isOver || before > hops / 2) throw new Error('the log is too short: give more --hops')
    return await measured(async () => {
      await flushed
      const { shipped } = recorder.stats()
      if (shipped !== hops) throw new Error(`${shipped} of ${hops} hops were shipped`)
      return shipped - before
    })
  } finally {
    await recorder.close()
    owned.release()
  }
}

function measure(round: Round): Promise<Delay> {
  switch (round.kind) {
    case 'alone':
      return measured(() => pause(round.seconds * 1000, 0))
    case 'counting':
      return counting(round.seconds)
    case 'shipping':
      return shipping(round)
  }
}

// A connection that the server closes while a request is on its way would fail the measurement.
server.keepAliveTimeout = 0
await once(server.listen(0, '127.0.0.1'), 'listening')
process.send?.({ port: (server.address() as AddressInfo).port })
process.on('message', (round: Round) => void measure(round).then((delay) => process.send?.(delay)))
process.on('disconnect', () => process.exit(0))
