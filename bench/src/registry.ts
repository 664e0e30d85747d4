/**
 * What the list of all runs costs a process that asks: the rows of a registry in a store, read and verified for the first time, and
 * again half a second later, when a tenth of them has changed; and what a question about five hops reads of a registry, by name.
 * CPU of this process, with a store in its memory: a server adds the time to send the bytes.
 * `npm run bench:registry -- --rows 1000,25000`
 */
import { memoryStore, type Row, type Store } from '@hoptrace/core/store'
import { parseArgs } from 'node:util'
import { clusterKeys, newClusterKey, type ClusterKeys } from '../../packages/core/src/key/index.js'
import { storeRegistry } from '../../packages/core/src/store/registry/store-registry.js'
import { InstanceIndex } from '../../packages/core/src/resolve/walk/candidates.js'
import { runRow } from '../../packages/core/src/rundir/run-row.js'
import type { InstanceRow, RowsByName } from '../../packages/core/src/record/instance-row.js'
import { rowName } from '../../packages/core/src/record/row-names.js'
import { counted } from './counted-store.js'
import { table } from './report.js'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000,25000' } } })

function rowOf(i: number, heartbeatMillis: number): InstanceRow {
  const startNanos = 1_795_000_000_000_000_000n + BigInt(i)
  const service = `service-${i >> 1}`
  const address = `10.${(i >> 14) & 255}.${(i >> 7) & 127}.${i & 127}:4000`
  const run = {
    service,
    address,
    aliases: [],
    reached: [`${service}.internal:80`],
    boot: '7f3c1f6e-6a51-4c0e-9a4b-0f0e6b6d2a11',
    worker: 0,
    startNanos,
    host: `host-${i >> 3}`,
    pid: 4242,
    endpoint: `http://${address}/_hoptrace/v1`,
    storeUrl: 'hbase://master-1:16000/hoptrace',
    buckets: 4,
    windowMillis: 10_000,
  }
  return runRow(run, {
    runDir: `/data/logs/${service}/${startNanos}-4242-abcdef`,
    stores: ['hbase://master-1:16000/hoptrace.shop'],
    heartbeatMillis,
    shippedThroughNanos: startNanos,
    dropped: [],
    loggedThrough: [1, 4096],
    state: 'running',
  })
}

/** The rows that a registry puts, to be put into a store at once. */
async function written(rows: readonly InstanceRow[], keys: () => ClusterKeys): Promise<Row[]> {
  const puts: Row[] = []
  const sink: Store = {
    ...memoryStore(),
    url: 'memory:sink',
    put: async (put) => void puts.push(...put),
  }
  const writer = storeRegistry(sink, '/data', keys)
  for (const row of rows) await writer.put(row)
  return puts
}

async function cpuMillis(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const questions = 50

/** One hop after the other, each of another service: its address, and the way to it. */
async function fiveHops(byName: RowsByName | undefined, rows: readonly InstanceRow[]): Promise<void> {
  for (let hop = 0; hop < 5; hop++) {
    const { address, reached } = rows[Math.floor((rows.length / 5) * hop)] as InstanceRow
    const found = await byName?.rowsOf([address, ...reached].map(rowName.place))
    if (found?.length !== 2)
      throw new Error(`${found?.length} rows have an address of a service with two runs`)
  }
}

const lines: string[][] = []
for (const count of values.rows.split(',').map(Number)) {
  const store = counted(memoryStore())
  await store.open()
  const keys = clusterKeys(newClusterKey(), true)
  const all = Array.from({ length: count }, (_, i) => rowOf(i, 1_795_000_000_000))
  await store.put(await written(all, () => keys))
  const reader = storeRegistry(store, '/data', () => keys)
  store.bytesRead = 0
  const first = await cpuMillis(() => reader.list())
  const { bytesRead: bytes } = store
  const later = all
    .filter((_, i) => i % 10 === 0)
    .map((row) => ({ ...row, heartbeatMillis: row.heartbeatMillis + 2000 }))
  await store.put(await written(later, () => keys))
  const again = await cpuMillis(() => reader.list())
  const known = await reader.list()
  if (known.rows.length !== count) throw new Error(`${known.rows.length} of ${count} rows could be read`)
  const index = await cpuMillis(async () => new InstanceIndex(known))
  store.bytesRead = 0
  await fiveHops(reader.byName, all)
  const { bytesRead: bytesByName } = store
  // One question is so short that the collection of what the list left would count as its CPU.
  const byName = await cpuMillis(async () => {
    for (let question = 0; question < questions; question++) await fiveHops(reader.byName, all)
  })
  lines.push([
    String(count),
    (bytes / 1e6).toFixed(1),
    String(Math.round(bytes / count)),
    first.toFixed(0),
    again.toFixed(0),
    index.toFixed(0),
    (byName / questions).toFixed(1),
    (bytesByName / 1e3).toFixed(0),
  ])
}
console.log(
  table(
    ['rows', 'MB', 'bytes a row', 'first, ms', 'again, ms', 'index of them, ms', 'five hops, ms', 'KB'],
    lines,
  ),
)
