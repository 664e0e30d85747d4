import { readdirSync, rmSync, statSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { keyRows, levelStore, openStore, segmentRows, StoreReader } from '@hoptrace/core/store'
import type { HopRecord, Row, Store } from '@hoptrace/core/store'
import { createHBaseClient } from '@hoptrace/hbase-client'
import { dataDirOf, hbaseUnavailableReason, startHBase } from '@hoptrace/hbase-dev'
import { startServer, unavailableReason } from '@hoptrace/servers-dev'
import { realisticInstance, realisticRecords } from '@hoptrace/testkit/store'
import { createClient } from 'redis'
import type { Measured } from './measured.js'
import { median, table } from './report.js'
import { RowPerHop } from './row-per-hop.js'

/*
 * The same hops in each store, one after the other: the embedded one, HBase, MySQL (MariaDB) and Redis as segments, and MySQL with one row
 * for each hop, as a central span store has them.
 *   npm run bench:stores [hops] [level] [hbase] [mysql] [redis] [rows]
 */

const [count = '100000', ...named] = process.argv.slice(2)
const hops = Number(count)
const windowNanos = 10_000_000_000n
const fromNanos = 1_795_000_010_000_000_000n
const windowHops = 40_000
const putRows = 1000
const questions = 300

interface Opened {
  readonly store: Store
  readonly buckets: number
  readonly bytes: () => Promise<number>
  readonly crash?: () => Promise<void>
  readonly close: () => Promise<void>
}

interface RealServer {
  kill9(): Promise<void>
  restart(): Promise<void>
  wipe(): Promise<void>
}

/** A store on a server that is ours to kill and to remove. */
const onServer = (server: RealServer, store: Store): Pick<Opened, 'store' | 'crash' | 'close'> => ({
  store,
  crash: async () => {
    await server.kill9()
    await server.restart()
  },
  close: async () => {
    await store.close()
    await server.wipe()
  },
})

const windowCount = Math.ceil(hops / windowHops)
const windowFrom = (window: number): bigint => fromNanos + BigInt(window) * windowNanos

/** The hops of one window, the same at each call: a million of them would not fit into memory. */
const windowOf = (window: number): HopRecord[] =>
  realisticRecords({
    count: Math.min(windowHops, hops - window * windowHops),
    fromNanos: windowFrom(window),
    everyNanos: 200_000,
    seed: window + 1,
  })

/** A store of hoptrace: segments, and rows of business keys. */
function segments(name: string, opened: Opened): Measured {
  const { store, buckets } = opened
  const reader = new StoreReader(store, { buckets, windowMillis: 10_000 })
  return {
    name,
    async put(records) {
      const meta = { service: 'payments', instance: realisticInstance }
      const windowStartNanos =
        nanosOf(records[0] as HopRecord) - (nanosOf(records[0] as HopRecord) % windowNanos)
      const { rows } = segmentRows({ meta, buckets, windowNanos, windowStartNanos, lane: 'first', records })
      const all: Row[] = [...rows, ...keyRows(records)]
      for (let at = 0; at < all.length; at += putRows) await store.put(all.slice(at, at + putRows))
    },
    lookup: (record) => reader.lookup(record.instance, record.hopId),
    async range(from, to) {
      let found = 0
      for await (const _ of reader.range({ fromNanos: from, toNanos: to })) found++
      return found
    },
    find: async (key, value) => (await reader.findKey(key, value, { limit: 100 })).length,
    bytes: opened.bytes,
    ...(opened.crash === undefined ? {} : { crash: opened.crash }),
    close: opened.close,
  }
}

const context = { dataDir: '.', service: 'bench' }

const subjects: Readonly<Record<string, () => Promise<Measured | string>>> = {
  level: async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-bench-'))
    const store = levelStore({ dir, make: true })
    return segments('embedded', {
      store,
      buckets: 1,
      bytes: async () => bytesBelow(dir),
      close: async () => {
        await store.close()
        rmSync(dir, { recursive: true })
      },
    })
  },
  hbase: async () => {
    const reason = hbaseUnavailableReason()
    if (reason !== undefined) return reason
    const name = `bench-${process.pid}`
    const hbase = await startHBase({ name })
    const store = openStore({ kind: 'hbase', url: hbase.url, table: 'bench' }, context)
    return segments('HBase', {
      ...onServer(hbase, store),
      buckets: 4,
      // HBase writes its files when a table is disabled.
      bytes: async () => {
        await using client = createHBaseClient({ servers: hbase.url })
        await client.admin.disableTable('bench')
        return bytesBelow(path.join(dataDirOf(name), 'hbase/data/default/bench'))
      },
    })
  },
  mysql: async () => {
    const reason = unavailableReason('mysql')
    if (reason !== undefined) return reason
    const server = await startServer('mysql')
    const store = openStore({ kind: 'mysql', url: server.url }, context)
    return segments('MySQL', {
      ...onServer(server, store),
      buckets: 1,
      bytes: async () => statSync(`${server.dir}/data/hoptrace/hoptrace@002ebench.ibd`).size,
    })
  },
  redis: async () => {
    const reason = unavailableReason('redis')
    if (reason !== undefined) return reason
    const server = await startServer('redis')
    const store = openStore({ kind: 'redis', url: server.url }, context)
    return segments('Redis (memory)', {
      ...onServer(server, store),
      buckets: 1,
      bytes: async () => {
        const client = createClient({ url: server.url })
        await client.connect()
        const bytes = await client.memoryUsage('hoptrace:bench', { SAMPLES: 0 })
        await client.close()
        return Number(bytes)
      },
    })
  },
  rows: async () => unavailableReason('mysql') ?? RowPerHop.start('MySQL, a row a hop'),
}

function nanosOf({ hopId }: HopRecord): bigint {
  return BigInt(`0x${hopId.slice(0, 16)}`)
}

function bytesBelow(dir: string): number {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0)
}

/** The median of some questions, in milliseconds, after as many that do not count. */
async function timed(count: number, ask: (i: number) => Promise<void>): Promise<string> {
  const times: number[] = []
  for (let i = 0; i < count * 2; i++) {
    const began = performance.now()
    await ask(i)
    if (i >= count) times.push(performance.now() - began)
  }
  return median(times).toFixed(2)
}

async function measure(subject: Measured): Promise<string[]> {
  const asked: HopRecord[] = []
  const askedKeys: string[] = []
  let perSecond = 0
  let millis = 0
  for (let window = 0; window < windowCount; window++) {
    const records = windowOf(window)
    const began = performance.now()
    await subject.put(records)
    millis += performance.now() - began
    const keys = records.flatMap(({ keys: own }) => own['orderId'] ?? [])
    // As many of each window, so that a question is seldom about what the last one has read.
    for (let i = 0; i < Math.ceil((2 * questions) / windowCount); i++) {
      asked.push(records[(i * 7919) % records.length] as HopRecord)
      askedKeys.push(keys[(i * 7919) % keys.length] as string)
    }
    perSecond += records.filter((record) => nanosOf(record) < fromNanos + 1_000_000_000n).length
  }
  const pick = <T>(of: readonly T[], i: number): T => of[(i * 7919) % of.length] as T

  const point = await timed(questions, async (i) => {
    const record = pick(asked, i)
    if ((await subject.lookup(record))?.hopId !== record.hopId) throw new Error('a hop is missing')
  })
  const range = await timed(10, async () => {
    const found = await subject.range(fromNanos, fromNanos + 1_000_000_000n)
    if (found !== perSecond) throw new Error(`a range has ${found} hops instead of ${perSecond}`)
  })
  const key = await timed(questions, async (i) => {
    if ((await subject.find('orderId', pick(askedKeys, i))) === 0) throw new Error('a key is missing')
  })
  let after = 'no server'
  if (subject.crash !== undefined) {
    await subject.crash()
    let found = 0
    for (let window = 0; window < windowCount; window++)
      found += await subject.range(windowFrom(window), windowFrom(window + 1))
    after = found === hops ? 'all' : `${found} of ${hops}`
  }
  const bytes = (await subject.bytes()) / hops
  return [
    subject.name,
    bytes.toFixed(1),
    String(Math.round((hops / millis) * 1000)),
    point,
    range,
    key,
    after,
  ]
}

const lines: string[][] = []
for (const name of named.length === 0 ? Object.keys(subjects) : named) {
  const subject = await subjects[name]?.()
  if (subject === undefined || typeof subject === 'string') {
    console.error(`${name} is left out: ${subject ?? 'there is no such store'}`)
    continue
  }
  try {
    lines.push(await measure(subject))
  } finally {
    await subject.close()
  }
}
console.log(
  table(
    ['', 'bytes a hop', 'hops/s in', 'a hop, ms', 'one second, ms', 'a key, ms', 'hops after kill -9'],
    lines,
  ),
)
console.log(
  `\n${hops} hops of one service, Node ${process.versions.node}; a hop, a key: median of ${questions}`,
)
