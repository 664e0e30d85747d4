import { timing } from '../base/timing.js'
import { createResolver, type Resolver } from '../resolve/create-resolver.js'
import { LiveEndpoint, type OwnRecords } from './endpoint.js'
import { resolverParts, type ResolverOptions, type ResolverParts } from '../resolve/options.js'
import { traceSource } from '../resolve/sources/trace-source.js'
import type { ClusterKeys } from '../key/index.js'
import type { Registry, RegistryRows } from '../record/instance-row.js'
import { listKnown } from '../store/registry/list-known.js'

export interface RunEndpointOptions {
  readonly own: OwnRecords
  readonly registry: Registry
  readonly dataDir: string
  readonly keys: ClusterKeys
}

/** The live endpoint of a run, and what it asks others with. */
export class RunEndpoint {
  readonly live: LiveEndpoint
  private readonly parts: ResolverParts
  private readonly resolver: Resolver
  private listed: { readonly at: number; readonly known: Promise<RegistryRows> } | undefined

  constructor({ own, registry, dataDir, keys }: RunEndpointOptions) {
    const options: ResolverOptions = {
      dir: dataDir,
      registry,
      store: own.store,
      keys,
    }
    this.parts = resolverParts(options)
    this.resolver = createResolver(options)
    const source = traceSource(this.parts)
    this.live = new LiveEndpoint({
      own,
      walk: { known: () => this.known(registry), source },
      progress: this.resolver,
    })
  }

  async close(): Promise<void> {
    await this.resolver.close()
    await this.parts.close()
  }

  private known(registry: Registry): Promise<RegistryRows> {
    const now = performance.now()
    if (this.listed === undefined || now - this.listed.at > timing.rowsMillis) {
      const known = listKnown(registry)
      this.listed = { at: now, known }
      known.catch(() => (this.listed = undefined))
    }
    return this.listed.known
  }
}
