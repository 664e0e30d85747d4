import { randomBytes } from 'node:crypto'
import {
  keyRows,
  openStore,
  segmentRows,
  StoreReader,
  windowStart,
  type HopId,
  type HopRecord,
  type Row,
  type Store,
} from '@hoptrace/core/store'
import { createHBaseClient } from '@hoptrace/hbase-client'
import { npmHBase, type NpmHBase } from '@hoptrace/hbase-dev/npm-hbase'
import { realisticInstance, realisticRecords } from '@hoptrace/testkit/store'
import { median, table } from './report.js'
import { startedHBase } from './started-hbase.js'

/*
 * HBase over its own RPC and over the REST gateway, in interleaved rounds: the cost of one look-up of an id, the
 * cost of the look-ups of a walk over five services, and how many segments a process can write in a second. The npm
 * package `hbase`, which takes only text as a key, reads and writes values of the same sizes under printable keys.
 *   npm run bench:hbase [rounds]
 */

const rounds = Number(process.argv[2] ?? 5)
const services = 5
const windowNanos = 10_000_000_000n
const fromNanos = 1_795_000_010_000_000_000n
const lookups = 200
const walks = 60
const writeBytes = 96 << 20

interface Transport {
  readonly name: string
  /** Reads a segment; rejects if it is not there. */
  readonly read: (i: number) => Promise<void>
  /** Writes as many rows as it takes at once. */
  readonly put: (rows: readonly Row[]) => Promise<void>
  readonly rowsAPut: number
  /** Empty where a transport takes no key of a segment. */
  readonly readers: readonly StoreReader[]
}

interface Figures {
  readonly segment: number[]
  readonly lookup: number[]
  readonly walk: number[]
  readonly written: Map<number, number[]>
}

const sizes = [16, 64]
/** Segments of the first table. */
const segments: Row[] = []
const tag = randomBytes(3).toString('hex')
const printable = `bench_${tag}_text`
const segmentOf = (i: number): Row => segments[(i * 7) % segments.length] as Row

function open(url: string): Store[] {
  return Array.from({ length: services }, (_, i) =>
    openStore({ kind: 'hbase', url, table: `bench_${tag}_${i}` }, { dataDir: '.', service: 'bench' }),
  )
}

function ours(name: string, stores: readonly Store[]): Transport {
  const [first, second] = stores as [Store, Store]
  return {
    name,
    read: async (i) => {
      const rows = await first.scan({ from: segmentOf(i).key, to: Buffer.of(0x80), limit: 1 })
      if (rows.length !== 1) throw new Error('a segment is missing')
    },
    put: (rows) => second.put(rows),
    rowsAPut: 8,
    readers: stores.map((store) => new StoreReader(store, { buckets: 4, windowMillis: 10_000 })),
  }
}

/** Its keys are text: the same values are under the hex digits of their keys. */
function throughNpm(client: NpmHBase): Transport {
  const textOf = ({ key }: Row): string => Buffer.from(key).toString('hex')
  const put = async (rows: readonly Row[]): Promise<void> => {
    for (const row of rows) await client.put(printable, textOf(row), 'f:q', Buffer.from(row.value))
  }
  return {
    name: 'npm hbase',
    read: async (i) => {
      if ((await client.get(printable, textOf(segmentOf(i)), 'f:q')) === undefined)
        throw new Error('a segment is missing')
    },
    put,
    rowsAPut: 1,
    readers: [],
  }
}

/** Puts ten windows of records into each table, as the data to look up. */
async function fill(stores: readonly Store[]): Promise<HopRecord[][]> {
  return Promise.all(
    stores.map(async (store, i) => {
      const instance = { ...realisticInstance, address: `10.1.2.${i + 1}:4000` }
      const records = realisticRecords({
        count: 20_000,
        fromNanos,
        everyNanos: 5_000_000,
        instance,
        seed: i + 1,
      })
      const windows = new Map<bigint, HopRecord[]>()
      for (const record of records) {
        const start = windowStart(BigInt(`0x${record.hopId.slice(0, 16)}`), windowNanos)
        windows.set(start, [...(windows.get(start) ?? []), record])
      }
      for (const [windowStartNanos, inWindow] of windows) {
        const meta = { service: 'bench', instance }
        const batch = {
          meta,
          buckets: 4,
          windowNanos,
          windowStartNanos,
          lane: 'first',
          records: inWindow,
        } as const
        const { rows } = segmentRows(batch)
        if (i === 0) segments.push(...rows)
        await store.put([...rows, ...keyRows(inWindow)])
      }
      return records
    }),
  )
}

async function makePrintable(servers: string): Promise<void> {
  const client = createHBaseClient({ servers })
  await client.admin.createTable({ name: printable, families: [{ name: 'f' }] })
  await client.close()
}

async function timed(count: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const began = performance.now()
    await work(i)
    times.push(performance.now() - began)
  }
  return median(times)
}

function pick(records: readonly HopRecord[], i: number): { record: HopRecord; id: HopId } {
  const record = records[(i * 7919) % records.length] as HopRecord
  return { record, id: record.hopId }
}

/** Segments a second, four puts at a time. */
async function writing({ put, rowsAPut }: Transport, kilobytes: number, round: number): Promise<number> {
  const value = randomBytes(kilobytes << 10)
  const count = writeBytes / value.length
  let next = 0
  const began = performance.now()
  const lane = async (): Promise<void> => {
    while (next < count) {
      const rows: Row[] = []
      for (; rows.length < rowsAPut && next < count; next++) {
        const key = Buffer.alloc(27)
        key[0] = next % 4
        key.writeUInt32BE(round * 1_000_000 + next, 4)
        rows.push({ key, value })
      }
      await put(rows)
    }
  }
  await Promise.all([lane(), lane(), lane(), lane()])
  return (count / (performance.now() - began)) * 1000
}

async function main(): Promise<void> {
  const hbase = await startedHBase({ rest: true })
  const native = open(hbase.url)
  const rest = open(`hbase+${hbase.restUrl}`)
  const npm = throughNpm(npmHBase(hbase.restUrl ?? ''))
  const transports = [ours('native RPC', native), ours('REST gateway', rest), npm]
  const figures = new Map<Transport, Figures>(
    transports.map((one) => [
      one,
      {
        segment: [],
        lookup: [],
        walk: [],
        written: new Map(sizes.map((size): [number, number[]] => [size, []])),
      },
    ]),
  )
  try {
    const records = await fill(native)
    await makePrintable(hbase.url)
    await npm.put(segments)
    // The first round is a warm-up and does not count.
    for (let round = 0; round <= rounds; round++) {
      for (const one of round % 2 === 0 ? transports : transports.toReversed()) {
        const { readers } = one
        const { segment, lookup, walk, written } = figures.get(one) as Figures
        const lookUp = async (service: number, i: number): Promise<void> => {
          const { record, id } = pick(records[service] as HopRecord[], i)
          if ((await readers[service]?.lookup(record.instance, id)) === undefined)
            throw new Error('a record is missing')
        }
        const read = await timed(lookups, one.read)
        if (round > 0) segment.push(read)
        if (readers.length > 0) {
          const first = await timed(lookups, (i) => lookUp(0, round * lookups + i))
          const five = await timed(walks, async (i) => {
            for (const service of readers.keys()) await lookUp(service, round * walks + i)
          })
          if (round > 0) {
            lookup.push(first)
            walk.push(five)
          }
        }
        for (const size of sizes) {
          const rate = await writing(one, size, round * 10 + transports.indexOf(one))
          if (round > 0) written.get(size)?.push(rate)
        }
      }
    }
    const cell = (values: readonly number[], digits: number): string =>
      values.length === 0
        ? '-'
        : `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)})`
    console.log(
      table(
        ['', 'a segment, ms', 'an id, ms', 'five ids, ms', ...sizes.map((size) => `${size} KiB segments/s`)],
        transports.map((one) => {
          const { segment, lookup, walk, written } = figures.get(one) as Figures
          return [
            one.name,
            cell(segment, 2),
            cell(lookup, 2),
            cell(walk, 2),
            ...sizes.map((size) => cell(written.get(size) ?? [], 0)),
          ]
        }),
      ),
    )
    console.log(
      `\nmedian (least-most) of ${rounds} rounds, by turns; an id: both lanes, and the segment searched`,
    )
  } finally {
    for (const store of [...native, ...rest]) await store.close()
    const tables = [printable, ...Array.from({ length: services }, (_, i) => `bench_${tag}_${i}`)]
    await Promise.all(tables.map((table) => fetch(`${hbase.restUrl}/${table}/schema`, { method: 'DELETE' })))
    await hbase.stop()
  }
}

await main()
