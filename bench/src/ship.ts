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
import { levelStore, memoryStore, openStore, type Store } from '@hoptrace/core/store'
import { RunShipping } from '../../packages/core/src/ship/run-shipping.js'
import { appendHops, runShippedTo, shapes, windowMillis, type Shape } from './append-hops.js'
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

const stores = ['memory', 'level', 'hbase'] as const
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
  const run = runShippedTo(kind)
  try {
    const appended = appendHops(hops, shape, runDir, run)
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
      Number(run.startNanos / 1_000_000n / BigInt(windowMillis)) +
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
