import path from 'node:path'
import type { Store, StoreSpec } from './contract.js'
import { hbaseBuckets, openHBaseSpec, openHBaseUrl } from './hbase/open-hbase.js'
import { levelStore } from './level/level-store.js'
import { memoryStore } from './memory.js'
import { parseStoreUrl } from './store-url.js'

/** For whom a store is opened. */
export interface StoreContext {
  /** The level stores of services are in `<dataDir>/stores/<service>`. */
  readonly dataDir: string
  /** Also the name of a memory store, and of a table where none is named. */
  readonly service: string
}

/**
 * The store that an option names, or that a URL leads to. A spec makes what is missing; a URL, which comes from a registry or a
 * command line, opens what is there. Drivers are loaded when the store is opened. Throws `TypeError` for a bad spec or URL.
 */
export function openStore(store: StoreSpec | string, context: StoreContext): Store {
  if (typeof store !== 'string') return fromSpec(store, context)
  const location = parseStoreUrl(store)
  if (location.kind === 'level') return levelStore({ dir: location.dir })
  if (location.kind === 'memory') return memoryStore(location.name)
  return openHBaseUrl(location)
}

function fromSpec(spec: StoreSpec, { dataDir, service }: StoreContext): Store {
  switch (spec.kind) {
    case 'memory':
      return memoryStore(service)
    case 'level':
      return levelStore({ dir: spec.dir ?? path.join(dataDir, 'stores', service), make: true })
    case 'hbase':
      return openHBaseSpec(spec, service)
    default:
      throw new TypeError(
        `a store's kind is level, hbase or memory (got ${JSON.stringify((spec as { kind: unknown }).kind)})`,
      )
  }
}

/** Buckets of a store's keys: what the spec says, or 4 where regions share the load, and 1 elsewhere. */
export function defaultBuckets(store: StoreSpec | Store): number {
  if (!('kind' in store)) return 1
  return store.kind === 'hbase' ? (store.buckets ?? hbaseBuckets) : 1
}
