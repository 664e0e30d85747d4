/**
 * The speed of shipping a run's log, from its files to a store's acknowledgement, with one thread, and the
 * size of a hop in the log and in the store. Every round appends new hops and ships them; the output has
 * medians over rounds. The CPU is that of this process: a store in another process has its own.
 * `npm run bench:ship -- --hops 200000 --rounds 5 --store memory,level,hbase`, by default without `hbase`, which is
 * started for it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { levelStore, memoryStore, openStore, type HopId, type Store } from '@hoptrace/core/store'
import { IdGenerator } from '../../packages/core/src/id/index.js'
import type { LogHop } from '../../packages/core/src/log/entries.js'
import type { RunInfo } from '../../packages/core/src/rundir/run-info.js'
import { FileHopLog } from '../../packages/core/src/log/file-hop-log.js'
import { RunShipping } from '../../packages/core/src/ship/run-shipping.js'
import { counted } from './counted-store.js'
import { median, table } from './report.js'
import { startedHBase } from './started-hbase.js'

const { values } = parseArgs({
  options: {
    hops: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
    store: { type: 'string', default: 'memory,level' },
  },
})
const hops = Number(values.hops)
const rounds = Number(values.rounds)

const shapes = ['leaf', 'call', 'call, event, key'] as const
const stores = ['memory', 'level', 'hbase'] as const
type Shape = (typeof shapes)[number]
type StoreKind = (typeof stores)[number]

const kinds = values.store.split(',').map((name) => {
  const kind = stores.find((known) => known === name)
  if (kind === undefined) throw new TypeError(`--store takes ${stores.join(', ')} (got ${name})`)
  return kind
})
const hbase = kinds.includes('hbase') ? await startedHBase({ name: 'bench-ship' }) : undefined

interface Sample {
  readonly appendMicros: number
  readonly shipMicros: number
  readonly shippedPerSecond: number
  readonly logBytes: number
  readonly storeBytes: number
}

const routes = ['/orders', '/orders/:id', '/orders/:id/items', '/health']
const windowMillis = 10_000

/** Appends the hops of about `hops / 5000` seconds of a service that answers 5,000 requests a second. */
function append(runDir: string, run: RunInfo, shape: Shape): { micros: number; bytes: number } {
  const own = new IdGenerator({ address: run.address, worker: 0 })
  const caller = new IdGenerator({ address: '10.0.0.1:4000', worker: 0 })
  const log = new FileHopLog({ runDir, run: () => run, maxLogBytes: 2 ** 40 })
  // All times are computed before, so that only the log is measured.
  const ids: HopId[] = []
  let nanos = run.startNanos
  for (let i = 0; i < hops; i++) {
    nanos += BigInt(1 + Math.floor(Math.random() * 400_000))
    ids.push(
      (nanos.toString(16).padStart(16, '0') +
        caller.assign({ ip: '10.0.0.7', port: 4001 }).slice(16)) as HopId,
    )
  }
  const called = ids.map(() => own.assign({ ip: '10.0.0.9', port: 4002 }))
  const begin = performance.now()
  for (let i = 0; i < hops; i++) {
    const id = ids[i] as HopId
    const hop: LogHop = {
      id,
      traceId: called[i] as HopId,
      startNanos: run.startNanos + BigInt(i) * 200_000n + 150_000n,
      method: 'POST',
      parentSpan: null,
      link: null,
      assignedId: null,
      flags: 1,
      route: null,
      logNumber: 0,
      loggedRoute: null,
      rerouted: false,
      loggedEntries: 0,
    }
    if (shape !== 'leaf') {
      const hopId = called[i] as HopId
      log.call(hop, {
        index: 0,
        hopId,
        target: '10.0.0.9:4002',
        service: 'payments',
        method: 'POST',
        via: null,
        offsetMicros: 90,
      })
      const servedBy = { hopId, service: 'payments', address: '10.0.0.9:4002' }
      log.callEnd(hop, {
        index: 0,
        outcome: '200',
        durationMicros: 2000 + (i % 977),
        servedBy,
        otherKey: null,
      })
    }
    if (shape === 'call, event, key') {
      log.event(hop, 'payment.captured', 2500 + (i % 900), { amount: i % 10_000, currency: 'EUR' })
      log.key(hop, 'orderId', String(1_000_000 + i))
    }
    const route = routes[i % routes.length] as string
    log.close(hop, {
      durationMicros: 3000 + (i % 1999),
      route,
      status: 200,
      error: null,
      aborted: false,
      shed: 0,
    })
  }
  const micros = ((performance.now() - begin) * 1000) / hops
  const { bytes } = log.stats()
  log.end()
  return { micros, bytes }
}

let tables = 0

function storeOf(kind: StoreKind, dir: string): Store {
  if (kind === 'memory') return memoryStore()
  if (kind === 'level') return levelStore({ dir: path.join(dir, 'store'), make: true })
  const table = `bench_ship_${process.pid}_${tables++}`
  return openStore({ kind, url: hbase?.url ?? '', table }, { dataDir: dir, service: 'orders' })
}

async function measure(shape: Shape, kind: StoreKind): Promise<Sample> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-'))
  const runDir = path.join(dir, 'run')
  const startNanos = BigInt(Date.now() - 3_600_000) * 1_000_000n
  const run: RunInfo = {
    service: 'orders',
    address: '10.0.0.7:4001',
    aliases: [],
    reached: [],
    boot: '',
    worker: 0,
    startNanos,
    host: 'bench',
    pid: 1,
    endpoint: null,
    storeUrl: kind,
    buckets: 1,
    windowMillis,
  }
  try {
    const appended = append(runDir, run, shape)
    const store = counted(storeOf(kind, dir))
    await store.open()
    // A table of HBase is made by the first put.
    await store.put([{ key: Buffer.of(0x7f), value: Buffer.of(0) }])
    store.bytesPut = 0
    const usage = process.cpuUsage()
    const begin = performance.now()
    const engine = new RunShipping({ runDir, store })
    engine.load()
    const windowOf = (): number =>
      Number(startNanos / 1_000_000n / BigInt(windowMillis)) +
      Math.floor((engine.shipped + engine.table.size) / 50_000)
    while (engine.poll() > 0) {
      const below = windowOf()
      if (
        below > engine.windows.below &&
        engine.table.size > 50_000 &&
        engine.cut({ below, firstBelow: below })
      ) {
        await engine.send()
        engine.compact()
      }
    }
    if (engine.cut({ below: null, firstBelow: Infinity })) await engine.send()
    engine.compact()
    const seconds = (performance.now() - begin) / 1000
    const { user, system } = process.cpuUsage(usage)
    if (engine.shipped !== hops) throw new Error(`${engine.shipped} of ${hops} hops were shipped`)
    engine.close()
    await store.close()
    return {
      appendMicros: appended.micros,
      shipMicros: (user + system) / hops,
      shippedPerSecond: hops / seconds,
      logBytes: appended.bytes / hops,
      storeBytes: store.bytesPut / hops,
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function rowOf(kind: StoreKind, shape: Shape): Promise<string[]> {
  const samples: Sample[] = []
  for (let round = 0; round < rounds; round++) samples.push(await measure(shape, kind))
  const middle = (of: (sample: Sample) => number): number => median(samples.map(of))
  return [
    kind,
    shape,
    middle(({ appendMicros }) => appendMicros).toFixed(2),
    middle(({ logBytes }) => logBytes).toFixed(1),
    Math.round(middle(({ shippedPerSecond }) => shippedPerSecond)).toLocaleString('en'),
    middle(({ shipMicros }) => shipMicros).toFixed(2),
    middle(({ storeBytes }) => storeBytes).toFixed(1),
  ]
}

const rows: string[][] = []
try {
  for (const kind of kinds) for (const shape of shapes) rows.push(await rowOf(kind, shape))
} finally {
  await hbase?.stop()
}
console.log(
  table(
    [
      'store',
      'hop',
      'µs to append',
      'bytes in the log',
      'hops/s shipped',
      'CPU to ship, µs',
      'bytes put into the store',
    ],
    rows,
  ),
)
