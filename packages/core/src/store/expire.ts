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

/** Keys read at once while rows to expire are looked for. */
const page = 1000

/**
 * Removes what is older than `beforeNanos` (by id) from a store that does not expire rows by itself: whole windows of segments
 * at once; key and alias rows, whose keys do not order by time, by reading them all, so this is for once an hour or a day.
 * Rows of instances stay: a registry removes its own.
 */
export async function expireRows(
  store: Store,
  options: {
    readonly buckets: number
    readonly windowMillis: number
    readonly beforeNanos: bigint
    readonly signal?: AbortSignal
  },
): Promise<{ readonly keyRows: number }> {
  const remove = store.deleteRange?.bind(store)
  if (remove === undefined) throw new TypeError('the store expires rows by itself, or cannot remove any')
  const before = windowStart(options.beforeNanos, BigInt(options.windowMillis) * 1_000_000n)
  for (let salt = 0; salt < options.buckets; salt++) {
    const { from, to } = windowRange(salt, 0n, before)
    await remove(from, to)
  }
  let removed = 0
  let from: Uint8Array = Buffer.from([rowPrefix.businessKey])
  const to = Buffer.from([rowPrefix.alias + 1])
  for (;;) {
    const rows = await store.scan({
      from,
      to,
      limit: page,
      ...(options.signal && { signal: options.signal }),
    })
    // Expired rows that follow each other are removed as one range.
    let run: { first: Uint8Array; last: Uint8Array } | undefined
    for (const { key } of rows) {
      const id = readBusinessKey(key) ?? readAliasKey(key)
      if (id !== undefined && idNanos(id) < before) {
        run = { first: run?.first ?? key, last: key }
        removed++
      } else if (run !== undefined) {
        await remove(run.first, nextKey(run.last))
        run = undefined
      }
    }
    if (run !== undefined) await remove(run.first, nextKey(run.last))
    const last = rows.at(-1)
    if (last === undefined || rows.length < page) return { keyRows: removed }
    from = nextKey(last.key)
  }
}
