import { HoptraceError } from '../../base/errors.js'
import type { InstanceRow } from '../../record/instance-row.js'
import type { Row, Store } from '../contract.js'
import type { ReadCounts } from '../counts.js'
import {
  idNanos,
  readAliasKey,
  readBusinessKey,
  readSegmentKey,
  rowPrefix,
  runKey,
  saltOf,
  windowRange,
  windowStart,
} from '../keys.js'
import { pages } from '../pages.js'
import { StoreReader } from '../reader.js'

/** What is copied, and how. */
export interface CopyOptions {
  readonly from: Store
  readonly to: Store
  /** The runs whose records are copied. */
  readonly runs: readonly InstanceRow[]
  /** Salt buckets of the target's keys: 1-128. */
  readonly buckets: number
  /** Only whole windows from the one of this time on. @default all */
  readonly sinceNanos?: bigint | undefined
  readonly signal?: AbortSignal | undefined
  /** Hears how many rows have been copied so far. */
  readonly onRows?: (rows: number) => void
}

/** What a copy came to. */
export interface Copied {
  readonly rows: number
  /** Hops of the runs in the target, by a reader's count. */
  readonly hops: number
}

const pageRows = 256
const endNanos = 2n ** 63n

/**
 * Copies the records of runs, and the rows of their keys and aliases, from one store to another. Then it counts the hops of each run in both
 * with a reader. Rejects when the target has fewer. Copying again writes the same rows.
 */
export async function copyRuns(options: CopyOptions): Promise<Copied> {
  const { from, to, runs, buckets, sinceNanos = 0n, signal, onRows } = options
  const salts = new Map(runs.map((run) => [textOf(runKey(run)), saltOf(runKey(run), buckets)]))
  const starts = new Set(runs.map(({ startNanos }) => startNanos))
  let rows = 0
  const copy = async (range: { from: Uint8Array; to: Uint8Array }, wanted: (row: Row) => Row | undefined) => {
    for await (const page of pages(from, range, pageRows, noCounts(), signal)) {
      signal?.throwIfAborted()
      const found = page.map(wanted).filter((row) => row !== undefined)
      if (found.length === 0) continue
      await to.put(found)
      rows += found.length
      onRows?.(rows)
    }
  }
  // Keys first: what a living run ships in between has its hop then, or nothing.
  const keys = { from: Buffer.of(rowPrefix.businessKey), to: Buffer.of(rowPrefix.alias + 1) }
  await copy(keys, (row) => {
    const id = readBusinessKey(row.key) ?? readAliasKey(row.key)
    const start = row.value.length < 12 ? undefined : Buffer.from(row.value).readBigUInt64BE(4)
    const isWanted = id !== undefined && start !== undefined && starts.has(start) && idNanos(id) >= sinceNanos
    return isWanted ? row : undefined
  })
  for (const salt of new Set(runs.map((run) => saltOf(runKey(run), run.buckets)))) {
    await copy(windowRange(salt, firstWindow(runs, sinceNanos), endNanos), ({ key, value }) => {
      const run = readSegmentKey(key)?.run
      const other = run && salts.get(textOf(run))
      if (other === undefined) return undefined
      const moved = Buffer.from(key)
      moved[0] = other
      return { key: moved, value }
    })
  }
  return { rows, hops: await verify(options) }
}

/** The row of a run that was copied, as it is in the registry of the target. */
export function copiedRow(
  row: InstanceRow,
  target: { readonly url: string; readonly buckets: number; readonly sinceNanos: bigint | undefined },
  nowMillis: number,
): InstanceRow {
  const { url, buckets, sinceNanos } = target
  const copied = { ...row, stores: [url], buckets }
  if (sinceNanos === undefined) return copied
  // Older hops are not known there, as if the store had deleted them.
  const seconds = Math.max(1, Math.floor((nowMillis - Number(sinceNanos / 1_000_000n)) / 1000))
  return { ...copied, keepsSeconds: Math.min(seconds, row.keepsSeconds ?? Infinity) }
}

/** The hops of the runs in the target; rejects when the source has more of one of them. */
async function verify({ from, to, runs, buckets, sinceNanos = 0n, signal }: CopyOptions): Promise<number> {
  // The source first: a run that lives may ship more in between.
  const wanted = await countHops(from, runs, sinceNanos, signal)
  const found = await countHops(
    to,
    runs.map((run) => ({ ...run, buckets })),
    sinceNanos,
    signal,
  )
  for (const run of runs) {
    const [hops = 0, there = 0] = [wanted, found].map((counts) => counts.get(textOf(runKey(run))))
    if (there >= hops) continue
    throw new HoptraceError(
      'HOPTRACE_STORE_UNAVAILABLE',
      `${to.url} has ${there} of the ${hops} hops of ${run.service} ${run.address} that ${from.url} has: copy again`,
    )
  }
  return [...found.values()].reduce((sum, hops) => sum + hops, 0)
}

/** How many hops a reader finds of each run. */
async function countHops(
  store: Store,
  runs: readonly InstanceRow[],
  fromNanos: bigint,
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  const layouts = new Map(runs.map((run) => [`${run.buckets} ${run.windowMillis}`, run]))
  for (const layout of layouts.values()) {
    const alike = runs.filter(
      (run) => run.buckets === layout.buckets && run.windowMillis === layout.windowMillis,
    )
    const range = new StoreReader(store, layout).range({
      fromNanos,
      toNanos: endNanos,
      runs: alike,
      ...(signal && { signal }),
    })
    for await (const { instance } of range) {
      const run = textOf(runKey(instance))
      counts.set(run, (counts.get(run) ?? 0) + 1)
    }
  }
  return counts
}

function firstWindow(runs: readonly InstanceRow[], sinceNanos: bigint): bigint {
  const starts = runs.map(({ windowMillis }) => windowStart(sinceNanos, BigInt(windowMillis) * 1_000_000n))
  return starts.reduce((least, start) => (start < least ? start : least), sinceNanos)
}

function noCounts(): ReadCounts {
  return { scans: 0, segments: 0, pruned: 0, bytes: 0 }
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1')
}
