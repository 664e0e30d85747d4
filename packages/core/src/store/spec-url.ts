import { isStore } from './contract.js'
import path from 'node:path'
import type { Store, StoreSpec } from './contract.js'
import { hbaseSpecUrl } from './hbase/open-hbase.js'
import { defaultBuckets, openStore } from './open-store.js'
import { absoluteStoreUrl, relativeStoreUrl } from './registry/row-paths.js'
import { parseStoreUrl } from './store-url.js'

/** The URL of the store that an option names, relative to the data directory where it is below it, and the buckets of its keys. */
export function specLocation(
  store: StoreSpec | Store,
  context: { readonly dataDir: string; readonly service: string },
): { readonly url: string; readonly buckets: number } {
  const buckets = defaultBuckets(store)
  if (isStore(store)) return { url: store.url, buckets }
  switch (store.kind) {
    case 'memory':
      return { url: `memory:${context.service}`, buckets }
    case 'level':
      return {
        url: relativeStoreUrl(
          `level:${path.resolve(store.dir ?? path.join(context.dataDir, 'stores', context.service))}`,
          context.dataDir,
        ),
        buckets,
      }
    case 'hbase':
      return { url: hbaseSpecUrl(store, context.service), buckets }
  }
}

/** Opens the store that a run's log names, to ship what the run left. */
export function openRunStore(
  run: { readonly storeUrl: string; readonly service: string },
  dataDir: string,
): Store {
  const url = absoluteStoreUrl(run.storeUrl, dataDir)
  const location = parseStoreUrl(url)
  const context = { dataDir, service: run.service }
  return openStore(location.kind === 'level' ? { kind: 'level', dir: location.dir } : url, context)
}
