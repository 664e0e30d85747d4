import type { AskersKeys } from '../../key/index.js'
import { hbaseRegistrySpec, openHBaseSpec } from '../hbase/open-hbase.js'
import type { Registry } from '../../record/instance-row.js'
import { parseStoreUrl } from '../store-url.js'
import { storeRegistry } from './store-registry.js'

/**
 * The registry of the HBase cluster that a run ships to, where those who ask from other hosts look. Undefined for a run whose
 * records stay on its host. Closing it closes its table.
 */
export function clusterRegistry(
  run: { readonly storeUrl: string },
  dataDir: string,
  keys?: AskersKeys,
): Registry | undefined {
  if (parseStoreUrl(run.storeUrl).kind !== 'hbase') return undefined
  const spec = hbaseRegistrySpec({ kind: 'hbase', url: run.storeUrl })
  const table = openHBaseSpec(spec, '')
  return { ...storeRegistry(table, dataDir, keys), name: table.url, close: () => table.close() }
}
