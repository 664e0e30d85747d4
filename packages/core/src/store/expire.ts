import type { Store } from './contract.js'
import {
  idNanos,
  nextKey,
  readAliasKey,
  readBusinessKey,
  rowPrefix,
  windowRange,
  windowStart,
} from './keys.js'
import { stretches } from './stretches.js'

/** Keys read at once while rows to expire are looked for. */
const page = 1000

/** What is deleted, and where it is. */
export interface ExpireOptions {
  readonly buckets: number
  readonly windowMillis: number
  readonly beforeNanos: bigint
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
  const { buckets, windowMillis, beforeNanos, signal } = options
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
  const keyRows = await expireKeys(store, remove, before, signal)
  for (const { from, to } of expired) {
    signal?.throwIfAborted()
    await remove(from, to)
  }
  return { keyRows }
}

async function expireKeys(
  store: Store,
  remove: NonNullable<Store['deleteRange']>,
  before: bigint,
  signal: AbortSignal | undefined,
): Promise<number> {
  let removed = 0
  let from: Uint8Array = Buffer.from([rowPrefix.businessKey])
  const to = Buffer.from([rowPrefix.alias + 1])
  for (;;) {
    signal?.throwIfAborted()
    const rows = await store.scan({ from, to, limit: page, ...(signal && { signal }) })
    const expired = stretches(rows, ({ key }) => {
      const id = readBusinessKey(key) ?? readAliasKey(key)
      return id !== undefined && idNanos(id) < before
    })
    for (const { first, last, count } of expired) {
      await remove(first, nextKey(last))
      removed += count
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < page) return removed
    from = nextKey(last.key)
  }
}
