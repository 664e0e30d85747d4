import type { AskersKeys } from '../../key/index.js'
import type { Registry } from '../../record/instance-row.js'
import { driverOfUrl } from '../drivers.js'
import { storeRegistry } from './store-registry.js'

/**
 * The registry of the server that a run ships to, where resolvers on other hosts look. Undefined for a run whose
 * records stay on its host. Closing it closes its store.
 */
export function clusterRegistry(
  run: { readonly storeUrl: string },
  dataDir: string,
  keys?: AskersKeys,
): Registry | undefined {
  const store = driverOfUrl(run.storeUrl).registry(run.storeUrl)
  if (store === undefined) return undefined
  return { ...storeRegistry(store, dataDir, keys), name: store.url, close: () => store.close() }
}
