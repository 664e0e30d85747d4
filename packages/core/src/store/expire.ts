import type { InstanceRef } from '../record/record.js'
import type { Row, Store } from './contract.js'
import {
  idNanos,
  nextKey,
  readAliasKey,
  readBusinessKey,
  readSegmentKey,
  rowPrefix,
  runKey,
  windowRange,
  windowStart,
} from './keys.js'
import { stretches } from './stretches.js'

/** Keys read at once while rows to expire are looked for. */
const page = 1000
/** The same for segments, which are larger. */
const segmentPage = 64

/** What is deleted, and where it is. */
export interface ExpireOptions {
  readonly buckets: number
  readonly windowMillis: number
  readonly beforeNanos: bigint
  /** Only records of these runs, in a store with those of others. Then the windows are read, too. @default all */
  readonly runs?: readonly InstanceRef[] | undefined
  /** Deleting ends early when it fires; what is left goes the next time. */
  readonly signal?: AbortSignal
}

/**
 * Removes what is older than `beforeNanos` (by id) from a store that does not expire rows by itself. Where no window has expired, that
 * is one short read a bucket. Otherwise whole windows of segments go at once, and before them the key and alias rows of their hops: keys
 * do not order by time, so all of them are read. Rows of instances stay: a registry removes its own.
 */
export async function expireRows(
  store: Store,
  options: ExpireOptions,
): Promise<{ readonly keyRows: number }> {
  const remove = store.deleteRange?.bind(store)
  if (remove === undefined) throw new TypeError('the store expires rows by itself, or cannot remove any')
  const { buckets, windowMillis, beforeNanos, runs, signal } = options
  const before = windowStart(beforeNanos, BigInt(windowMillis) * 1_000_000n)
  if (before <= 0n) return { keyRows: 0 }
  const windows = Array.from({ length: buckets }, (_, salt) => windowRange(salt, 0n, before))
  const expired: typeof windows = []
  for (const range of windows) {
    const [first] = await store.scan({ ...range, limit: 1, ...(signal && { signal }) })
    if (first !== undefined) expired.push(range)
  }
  if (expired.length === 0) return { keyRows: 0 }
  // Before the windows: an end in between leaves a window, by which the next look finds the rest.
  const starts = runs && new Set(runs.map(({ startNanos }) => startNanos))
  const keys = { from: Buffer.from([rowPrefix.businessKey]), to: Buffer.from([rowPrefix.alias + 1]) }
  const keyRows = await removeRows(store, remove, keys, { page, signal }, ({ key, value }) => {
    const id = readBusinessKey(key) ?? readAliasKey(key)
    if (id === undefined || idNanos(id) >= before) return false
    return starts === undefined || (value.length >= 12 && starts.has(Buffer.from(value).readBigUInt64BE(4)))
  })
  const names = runs && new Set(runs.map((run) => runKey(run).toString('latin1')))
  for (const range of expired) {
    signal?.throwIfAborted()
    if (names === undefined) await remove(range.from, range.to)
    else
      await removeRows(store, remove, range, { page: segmentPage, signal }, ({ key }) =>
        names.has(readSegmentKey(key)?.run.toString('latin1') ?? ''),
      )
  }
  return { keyRows }
}

/** Reads all rows of a range and removes some. Returns how many. */
async function removeRows(
  store: Store,
  remove: NonNullable<Store['deleteRange']>,
  range: { readonly from: Uint8Array; readonly to: Uint8Array },
  { page: limit, signal }: { readonly page: number; readonly signal: AbortSignal | undefined },
  goes: (row: Row) => boolean,
): Promise<number> {
  let removed = 0
  for (let { from } = range; ;) {
    signal?.throwIfAborted()
    const rows = await store.scan({ from, to: range.to, limit, ...(signal && { signal }) })
    const expired = stretches(rows, goes)
    for (const { first, last, count } of expired) {
      await remove(first, nextKey(last))
      removed += count
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < limit) return removed
    from = nextKey(last.key)
  }
}
