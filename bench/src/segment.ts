import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brotliCompressSync, constants, deflateRawSync } from 'node:zlib'
import type { HopRecord, Row } from '@hoptrace/core/store'
import {
  StoreReader,
  decodeSegment,
  encodeSegment,
  findInSegment,
  keyRows,
  levelStore,
  segmentRows,
} from '@hoptrace/core/store'
import { realisticInstance, realisticRecords } from '@hoptrace/testkit/store'

/**
 * The size of a hop in a store and the cost of writing it: `npm run bench:segment -- [hops ...]`, default
 * 10000
 * 1000000. Times are CPU of this process, so that other work on the machine counts less; each is the median
 * of some rounds.
 */
const windowMillis = 10_000
const windowNanos = 10_000_000_000n
const fromNanos = 1_795_000_010_000_000_000n
const everyNanos = 250_000
/** The key of a segment's row in the first lane. */
const segmentKeyBytes = 35
const meta = { service: 'payments', instance: realisticInstance }

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
}

/** CPU microseconds of one run, the median of `rounds`. */
function cpuMicros(rounds: number, run: () => void): number {
  return median(
    Array.from({ length: rounds }, () => {
      const before = process.cpuUsage()
      run()
      const { user, system } = process.cpuUsage(before)
      return user + system
    }),
  )
}

function encoding(): void {
  const all = realisticRecords({ count: 40_960, fromNanos, everyNanos })
  console.log(`\n${all.length} realistic records, ${1e9 / everyNanos} a second, two calls each`)
  console.log(
    "records a segment | bytes a hop | with the row's key | encode µs a hop | decode µs a hop | find one, µs",
  )
  for (const size of [1, 5, 50, 200, 256, 512, 1024, 2048]) {
    // Small segments cost so much that fewer of them do.
    const records = all.slice(0, size * 400)
    const parts = Array.from({ length: Math.ceil(records.length / size) }, (_, i) =>
      records.slice(i * size, (i + 1) * size),
    )
    let segments: Uint8Array[] = []
    const encode = cpuMicros(7, () => (segments = parts.map((part) => encodeSegment(meta, part))))
    const decode = cpuMicros(5, () => segments.forEach((segment) => decodeSegment(segment)))
    const find = cpuMicros(5, () =>
      segments.forEach((segment, i) => findInSegment(segment, (parts[i]?.[size >> 1] as HopRecord).hopId)),
    )
    const bytes = segments.reduce((sum, segment) => sum + segment.length, 0)
    const figures = [
      size,
      bytes / records.length,
      (bytes + segments.length * segmentKeyBytes) / records.length,
      encode / records.length,
      decode / records.length,
      find / segments.length,
    ]
    console.log(figures.map((figure) => figure.toFixed(2)).join(' | '))
  }
  const rows: Row[] = []
  const keys = cpuMicros(5, () => void rows.splice(0, rows.length, ...keyRows(all)))
  const bytes = rows.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
  console.log(
    `rows of keys (on a third): ${(bytes / all.length).toFixed(2)} bytes a hop, ${(keys / all.length).toFixed(2)} µs a hop`,
  )
  compressors(all.slice(0, 1024))
}

/** The size of the same records as compressed JSON lines, for orientation. */
function compressors(records: readonly HopRecord[]): void {
  const json = Buffer.from(
    records
      .map((record) =>
        JSON.stringify(record, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
      )
      .join('\n'),
  )
  const brotli = (quality: number) =>
    brotliCompressSync(json, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }).length
  const each = (bytes: number) => (bytes / records.length).toFixed(1)
  console.log(
    `the same as JSON: ${each(json.length)} bytes a hop, deflate 6 ${each(deflateRawSync(json).length)}, brotli 5 ${each(brotli(5))}, brotli 11 ${each(brotli(11))}`,
  )
}

async function onLevel(hops: number): Promise<void> {
  const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-bench-'))
  const store = levelStore({ dir: path.join(dir, 'store'), make: true })
  try {
    const sample: HopRecord[] = []
    const started = process.hrtime.bigint()
    const windowHops = Math.floor(Number(windowNanos) / everyNanos)
    let written = 0
    for (let window = 0; written < hops; window++) {
      const start = fromNanos + BigInt(window) * windowNanos
      const made = realisticRecords({
        count: Math.min(windowHops, hops - written),
        fromNanos: start,
        everyNanos,
        seed: window + 1,
      })
      const records = made.filter(({ hopId }) => BigInt(`0x${hopId.slice(0, 16)}`) < start + windowNanos)
      sample.push(...records.filter((_, i) => i % Math.ceil(hops / 1000) === 0))
      const { rows } = segmentRows({
        meta,
        buckets: 1,
        windowNanos,
        windowStartNanos: start,
        lane: 'first',
        records,
      })
      await store.put([...rows, ...keyRows(records)])
      written += made.length
    }
    const seconds = Number(process.hrtime.bigint() - started) / 1e9
    await store.close()
    console.log(
      `\n${hops} hops in the embedded store, written in ${seconds.toFixed(1)} s (making the records included)`,
    )
    console.log(
      `settled: ${((await sizeOf(path.join(dir, 'store'))) / hops).toFixed(1)} bytes a hop, rows of keys included`,
    )
    await lookups(dir, sample)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function lookups(dir: string, sample: readonly HopRecord[]): Promise<void> {
  const store = levelStore({ dir: path.join(dir, 'store') })
  await store.open()
  const reader = new StoreReader(store, { buckets: 1, windowMillis })
  for (const kind of ['present', 'absent'] as const) {
    const before = { ...reader.counts }
    const micros: number[] = []
    for (const { hopId } of sample) {
      const id = (kind === 'present' ? hopId : `${hopId.slice(0, 31)}0`) as typeof hopId
      const start = process.hrtime.bigint()
      const found = await reader.lookup(realisticInstance, id)
      micros.push(Number(process.hrtime.bigint() - start) / 1000)
      if ((found !== undefined) !== (kind === 'present' || id === hopId))
        throw new Error(`look-up of ${id} went wrong`)
    }
    const per = (name: keyof typeof before) =>
      ((reader.counts[name] - before[name]) / sample.length).toFixed(1)
    micros.sort((a, b) => a - b)
    const at = (share: number) => (micros[Math.floor(micros.length * share)] as number).toFixed(0)
    console.log(
      `look-up, ${kind}: p50 ${at(0.5)} µs, p99 ${at(0.99)} µs; ${per('scans')} scans, ${per('bytes')} bytes`,
    )
  }
  await store.close()
}

async function sizeOf(dir: string): Promise<number> {
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  )
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(path.join(parentPath, name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

encoding()
const sizes = process.argv.slice(2).map(Number)
for (const hops of sizes.length > 0 ? sizes : [10_000, 1_000_000]) await onLevel(hops)
