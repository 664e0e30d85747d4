import { shipDeadRuns, type AdoptReport } from '@hoptrace/core'
import { composedRegistry, fileRegistry, openStore, storeRegistry } from '@hoptrace/core/store'

/** What `hoptrace ship DIR --store …` does. */
export async function shipLogs(dataDir: string, stores: readonly string[] = []): Promise<AdoptReport> {
  const shared = stores.map((url) => openStore(url, { dataDir, service: 'hoptrace' }))
  const registry = composedRegistry([
    fileRegistry(dataDir),
    ...shared.map((store) => storeRegistry(store, dataDir)),
  ])
  try {
    return await shipDeadRuns({ dataDir, registry })
  } finally {
    await registry.close()
    await Promise.all(shared.map((store) => store.close()))
  }
}
