import { isStore, type Store, type StoreSpec } from './contract.js'
import type { SpecContext } from './driver.js'
import { driverOfSpec, driverOfUrl } from './drivers.js'
import { bucketsOf } from './open-store.js'
import { absoluteStoreUrl, relativeStoreUrl } from './registry/row-paths.js'

/** The URL of the store that an option names, relative to the data directory where it is below it, and the buckets of its keys. */
export function specLocation(
  store: StoreSpec | Store,
  context: SpecContext,
): { readonly url: string; readonly buckets: number } {
  const buckets = bucketsOf(store)
  if (isStore(store)) return { url: store.url, buckets }
  const url = driverOfSpec(store).urlOf(store, context, 'store')
  return { url: relativeStoreUrl(url, context.dataDir), buckets }
}

/** Opens the store that a run's log names, to ship what the run left. */
export function openRunStore(
  run: { readonly storeUrl: string; readonly buckets: number },
  dataDir: string,
): Store {
  const url = absoluteStoreUrl(run.storeUrl, dataDir)
  const driver = driverOfUrl(url)
  // The run may have died before it made the store in its host's files. A server's tables are made by services alone.
  const making = { buckets: run.buckets, ttlSeconds: undefined }
  return driver.reach(url) === 'host' ? driver.open(url, making) : driver.open(url)
}
