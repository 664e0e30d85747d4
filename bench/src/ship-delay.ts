/**
 * The event loop delay of an application whose shipping thread ships at full speed. A server in another
 * process answers paced requests, while a second thread of it does nothing, counts, or ships a log that was
 * written before. The thread that counts shows what a busy core costs, whatever keeps it busy. Each round has
 * all three in turn; the output has medians over rounds, and the ratios of a round's p99 to its p99 alone.
 * `npm run bench:delay -- --hops 2000000 --rounds 7 --rate 500 --hop leaf --store level`; `hbase` is started
 * for it.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { StoreSpec } from '@hoptrace/core/store'
import { runDirOf } from '../../packages/core/src/rundir/index.js'
import { appendHops, runShippedTo, shapes } from './append-hops.js'
import type { Delay, Round } from './delay/application.js'
import { median, table } from './report.js'
import { message } from './server-load.js'
import { startedHBase } from './started-hbase.js'

const { values } = parseArgs({
  options: {
    hops: { type: 'string', default: '2000000' },
    rounds: { type: 'string', default: '7' },
    rate: { type: 'string', default: '500' },
    hop: { type: 'string', default: 'leaf' },
    store: { type: 'string', default: 'level' },
  },
})
const hops = Number(values.hops)
const rounds = Number(values.rounds)
const shape = shapes.find((known) => known === values.hop)
if (shape === undefined) throw new TypeError(`--hop takes ${shapes.join('; ')} (got ${values.hop})`)
const stores = ['level', 'hbase'] as const
const kind = stores.find((known) => known === values.store)
if (kind === undefined) throw new TypeError(`--store takes ${stores.join(', ')} (got ${values.store})`)

const kinds = ['alone', 'counting', 'shipping'] as const
const titles = {
  alone: 'none',
  counting: 'counts',
  shipping: `ships to ${kind}`,
} as const satisfies Record<Round['kind'], string>
const connections = 10
/** Seconds of a round without shipping. */
const seconds = 5
/** Seconds of requests before the first round. */
const warmUpSeconds = 5
/** Seconds between two rounds: what the one before has left to do is done by then. */
const restSeconds = 1

const dir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-delay-'))
const run = runShippedTo(kind)
const logDir = `logs/${run.service}/${run.startNanos}-${run.pid}-000000`

function runDirIn(dataDir: string): string {
  const runDir = runDirOf(dataDir, logDir)
  if (runDir === undefined) throw new Error(`${logDir} names no run`)
  return runDir
}

/** Sends requests at the rate in equal steps, until it is told to stop. */
function pacedRequests(url: string): { stop(): Promise<void> } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const everyMillis = (1000 * connections) / Number(values.rate)
  let stopped = false
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      get(url, { agent }, (res) => res.resume().once('end', resolve)).once('error', reject)
    })
  const connection = async (index: number): Promise<void> => {
    let due = performance.now() + (index * everyMillis) / connections
    while (!stopped) {
      await pause(Math.max(0, due - performance.now()))
      await one()
      due = Math.max(due + everyMillis, performance.now())
    }
  }
  const all = Promise.all(Array.from({ length: connections }, (_, index) => connection(index)))
  // The measurement fails by the application's end, and not by its connections'.
  all.catch(() => undefined)
  return {
    async stop() {
      stopped = true
      await all
      agent.destroy()
    },
  }
}

type Delays = Record<Round['kind'], Delay>

/** Puts an application under load, and measures it in all rounds. */
async function measured(storeOf: (round: number) => StoreSpec): Promise<Delays[]> {
  const application = fork(fileURLToPath(new URL('./delay/application.js', import.meta.url)), {
    serialization: 'advanced',
  })
  const exited = once(application, 'exit')
  const delayOf = async (kind: Round['kind'], round: number): Promise<Delay> => {
    const dataDir = path.join(dir, `round-${round}`)
    const runDir = runDirIn(dataDir)
    if (kind === 'shipping') cpSync(runDirIn(dir), runDir, { recursive: true })
    await pause(restSeconds * 1000)
    const sent: Round =
      kind === 'shipping' ? { kind, dataDir, runDir, run, store: storeOf(round), hops } : { kind, seconds }
    application.send(sent)
    const delay = (await message(application)) as Delay
    rmSync(dataDir, { recursive: true, force: true })
    return delay
  }
  try {
    const { port } = (await message(application)) as { port: number }
    const requests = pacedRequests(`http://127.0.0.1:${port}`)
    await pause(warmUpSeconds * 1000)
    const samples: Delays[] = []
    for (let round = 0; round < rounds; round++) {
      const delays = new Map<Round['kind'], Delay>()
      // Each kind is the first of a round in turn.
      for (let i = 0; i < kinds.length; i++) {
        const kind = kinds[(round + i) % kinds.length] as Round['kind']
        delays.set(kind, await delayOf(kind, round))
      }
      samples.push(Object.fromEntries(delays) as Delays)
    }
    await requests.stop()
    return samples
  } finally {
    if (application.connected) application.disconnect()
    await exited
  }
}

function row(of: Round['kind'], samples: readonly Delays[]): string[] {
  const middle = (value: (delay: Delay) => number): number =>
    median(samples.map((sample) => value(sample[of])))
  const whole = (value: (delay: Delay) => number): string => Math.round(middle(value)).toLocaleString('en')
  return [
    titles[of],
    middle(({ p50 }) => p50).toFixed(2),
    middle(({ p99 }) => p99).toFixed(2),
    median(samples.map((sample) => sample[of].p99 / sample.alone.p99)).toFixed(2),
    middle(({ most }) => most).toFixed(1),
    whole(({ waitedMillisPerSecond }) => waitedMillisPerSecond),
    whole(({ requestsPerSecond }) => requestsPerSecond),
    of === 'shipping' ? whole(({ hopsPerSecond }) => hopsPerSecond) : '',
  ]
}

const hbase = kind === 'hbase' ? await startedHBase({ name: 'bench-delay' }) : undefined
try {
  appendHops(hops, shape, runDirIn(dir), run)
  const samples = await measured((round) =>
    hbase === undefined
      ? { kind: 'level' }
      : { kind: 'hbase', url: hbase.url, table: `bench_delay_${process.pid}_${round}` },
  )
  console.log(
    table(
      [
        'other thread',
        'p50, ms',
        'p99, ms',
        'p99, ratio',
        'most, ms',
        'no core, ms/s',
        'requests/s',
        'hops/s shipped',
      ],
      kinds.map((of) => row(of, samples)),
    ),
  )
} finally {
  await hbase?.stop()
  rmSync(dir, { recursive: true, force: true })
}
