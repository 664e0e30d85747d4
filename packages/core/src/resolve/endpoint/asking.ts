import type { Registry } from '../../store/instance-row.js'
import { createResolver } from '../create-resolver.js'
import { resolverParts } from '../options.js'
import { traceSource } from '../sources/trace-source.js'
import { InstanceIndex } from '../walk/candidates.js'
import type { LiveEndpointOptions } from './live-endpoint.js'
import type { OwnRecords } from './own-records.js'

/** What an instance needs to ask others on behalf of its askers. */
export interface AskingOptions {
  readonly own: OwnRecords
  /** It stays the caller's. */
  readonly registry: Registry
  readonly dataDir: string
  readonly clusterKey?: string | undefined
}

/**
 * The parts of a `LiveEndpoint` that ask other instances: recursive walks, progress and following. Nothing is opened before
 * the first such question. The instance's own store is read through `own`, never opened a second time.
 */
export function endpointAsking(
  options: AskingOptions,
): Required<Pick<LiveEndpointOptions, 'walk' | 'progress'>> & { readonly close: () => Promise<void> } {
  const { own, registry, dataDir, clusterKey } = options
  const resolverOptions = {
    registry,
    dir: dataDir,
    store: own.store,
    ...(clusterKey === undefined ? {} : { clusterKey }),
  }
  const parts = resolverParts(resolverOptions)
  const resolver = createResolver(resolverOptions)
  let index = new InstanceIndex([])
  const source = traceSource(parts, (row) => index.sharing(row))
  return {
    walk: {
      source,
      rows: async () => {
        const rows = await resolver.instances()
        if (index.rows !== rows) index = new InstanceIndex(rows)
        return rows
      },
    },
    progress: resolver,
    close: async () => {
      await resolver.close()
      await parts.close()
    },
  }
}
