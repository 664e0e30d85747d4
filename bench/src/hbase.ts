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
import { hbaseUnavailableReason, startHBase } from '@hoptrace/hbase-dev'
import { realisticInstance, realisticRecords } from '@hoptrace/testkit/store'
import { median, table } from './report.js'

/*
 * HBase over its own RPC and over the REST gateway, in interleaved rounds: the cost of one look-up of an id, the
 * cost of the look-ups of a walk over five services, and how many segments a process can write in a second.
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
  readonly stores: readonly Store[]
  readonly readers: readonly StoreReader[]
}

interface Figures {
  readonly segment: number[]
  readonly lookup: number[]
  readonly walk: number[]
  readonly written: Map<number, number[]>
}

const sizes = [16, 64]
/** Keys of segments of the first table. */
const keys: Uint8Array[] = []
const tag = randomBytes(3).toString('hex')

function open(url: string): { stores: Store[]; readers: StoreReader[] } {
  const stores = Array.from({ length: services }, (_, i) =>
    openStore({ kind: 'hbase', url, table: `bench_${tag}_${i}` }, { dataDir: '.', service: 'bench' }),
  )
  return {
    stores,
    readers: stores.map((store) => new StoreReader(store, { buckets: 4, windowMillis: 10_000 })),
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
        if (i === 0) keys.push(...rows.map(({ key }) => key))
        await store.put([...rows, ...keyRows(inWindow)])
      }
      return records
    }),
  )
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

/** Segments a second, eight a put, four puts at a time. */
async function writing(store: Store, kilobytes: number, round: number): Promise<number> {
  const value = randomBytes(kilobytes << 10)
  const count = writeBytes / value.length
  let next = 0
  const began = performance.now()
  const lane = async (): Promise<void> => {
    while (next < count) {
      const rows: Row[] = []
      for (; rows.length < 8 && next < count; next++) {
        const key = Buffer.alloc(27)
        key[0] = next % 4
        key.writeUInt32BE(round * 1_000_000 + next, 4)
        rows.push({ key, value })
      }
      await store.put(rows)
    }
  }
  await Promise.all([lane(), lane(), lane(), lane()])
  return (count / (performance.now() - began)) * 1000
}

async function main(): Promise<void> {
  const reason = hbaseUnavailableReason()
  if (reason !== undefined) throw new Error(`no HBase can run here: ${reason}`)
  const hbase = await startHBase({ rest: true })
  const transports: Transport[] = [
    { name: 'native RPC', ...open(hbase.url) },
    { name: 'REST gateway', ...open(`hbase+${hbase.restUrl}`) },
  ]
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
    const records = await fill((transports[0] as Transport).stores)
    // The first round is a warm-up and does not count.
    for (let round = 0; round <= rounds; round++) {
      for (const one of round % 2 === 0 ? transports : transports.toReversed()) {
        const { stores, readers } = one
        const { segment, lookup, walk, written } = figures.get(one) as Figures
        const read = await timed(lookups, async (i) => {
          const from = keys[(i * 7) % keys.length] as Uint8Array
          const rows = await (stores[0] as Store).scan({ from, to: Buffer.of(0x80), limit: 1 })
          if (rows.length !== 1) throw new Error('a segment is missing')
        })
        const first = await timed(lookups, (i) => {
          const { record, id } = pick(records[0] as HopRecord[], round * lookups + i)
          return (readers[0] as StoreReader).lookup(record.instance, id)
        })
        const five = await timed(walks, async (i) => {
          for (const [service, reader] of readers.entries()) {
            const { record, id } = pick(records[service] as HopRecord[], round * walks + i)
            if ((await reader.lookup(record.instance, id)) === undefined)
              throw new Error('a record is missing')
          }
        })
        if (round > 0) {
          segment.push(read)
          lookup.push(first)
          walk.push(five)
        }
        for (const size of sizes) {
          const rate = await writing(stores[1] as Store, size, round * 10 + transports.indexOf(one))
          if (round > 0) written.get(size)?.push(rate)
        }
      }
    }
    const cell = (values: readonly number[], digits: number): string =>
      `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)})`
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
      `\nmedian (least-most) of ${rounds} rounds, native and REST by turns; an id: both lanes, and the segment searched`,
    )
  } finally {
    for (const { stores } of transports) for (const store of stores) await store.close()
    await Promise.all(
      Array.from({ length: services }, (_, i) =>
        fetch(`${hbase.restUrl}/bench_${tag}_${i}/schema`, { method: 'DELETE' }),
      ),
    )
    await hbase.stop()
  }
}

await main()
