import type { ExpireOptions } from './expire.js'
import type { StoreLayout } from './layout.js'

/**
 * What `expireRows` may delete so that no record from `beforeNanos` on goes, in a store whose runs have windows of several widths. A key
 * says when a window begins, and not how wide it is: the widest that began before this time ends one width later.
 * @param layouts those of the runs that ship to the store, as the registry has them
 * @param own the layout of the run that deletes
 */
export function wholeWindows(
  layouts: readonly StoreLayout[],
  own: StoreLayout,
  beforeNanos: bigint,
): Pick<ExpireOptions, 'buckets' | 'windowMillis' | 'beforeNanos'> {
  const { windowMillis } = own
  const buckets = layouts.reduce((most, layout) => Math.max(most, layout.buckets), own.buckets)
  const widest = layouts.reduce((most, layout) => Math.max(most, layout.windowMillis), windowMillis)
  const isMixed = layouts.some((layout) => layout.windowMillis !== windowMillis)
  return {
    buckets,
    windowMillis,
    beforeNanos: isMixed ? beforeNanos - BigInt(widest) * 1_000_000n : beforeNanos,
  }
}
