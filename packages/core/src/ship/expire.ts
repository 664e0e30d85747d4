import type { Store } from '../store/contract.js'
import { windowRange } from '../store/keys.js'

/** Deletes the windows that started before `beforeNanos`, for stores that do not expire rows by themselves. */
export async function expireWindows(store: Store, buckets: number, beforeNanos: bigint): Promise<void> {
  if (store.deleteRange === undefined || beforeNanos <= 0n) return
  for (let salt = 0; salt < buckets; salt++) {
    const { from, to } = windowRange(salt, 0n, beforeNanos)
    await store.deleteRange(from, to)
  }
}
