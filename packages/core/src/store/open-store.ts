import type { Store, StoreSpec } from './contract.js'
import type { SpecContext, StoreMaking } from './driver.js'
import { ttlSecondsOf } from './retention.js'
import { driverOfSpec, driverOfUrl } from './drivers.js'
import { keepLogin, type StoreLogin } from './login.js'

/**
 * The store that an option names, or that a URL leads to. A spec makes what is missing; a URL, which comes from a
 * registry or a command line, opens what is there. Drivers are loaded when the store is opened. Throws `TypeError`
 * for a bad spec or URL.
 */
export function openStore(store: StoreSpec | string, context: SpecContext): Store {
  if (typeof store === 'string') return driverOfUrl(store).open(store)
  const driver = driverOfSpec(store)
  return driver.open(driver.urlOf(store, context, 'store'), makingOf(store), loginOf(store))
}

/** Opens the registry that the services of a store's server share. Undefined: only their host needs to know them. */
export function openRegistry(store: StoreSpec, context: SpecContext): Store | undefined {
  const driver = driverOfSpec(store)
  return driver.registry(driver.urlOf(store, context, 'store'), loginOf(store))
}

/** Which processes can open a store: its own, those of its host, or those of all hosts. */
export function reachOf(store: StoreSpec): 'process' | 'host' | 'network' {
  return driverOfSpec(store).reach('url' in store ? store.url : '')
}

/** Buckets of a store's keys: what the spec says, or what is usual for its kind. */
export function bucketsOf(store: StoreSpec | Store): number {
  return 'kind' in store ? makingOf(store).buckets : 1
}

function loginOf(store: StoreSpec): StoreLogin | undefined {
  return 'url' in store ? keepLogin(store.url) : undefined
}

function makingOf(store: StoreSpec): StoreMaking {
  const { buckets = driverOfSpec(store).buckets } = store as Partial<StoreMaking>
  const ttlSeconds = ttlSecondsOf(store)
  return { buckets, ttlSeconds: ttlSeconds === Infinity ? undefined : ttlSeconds }
}
