import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import {
  bucketsOf,
  fileRegistry,
  openRegistry,
  openStore,
  storeRegistry,
  type Registry,
  type Store,
  type StoreSpec,
} from '@hoptrace/core/store'
import { checkedStoreUrl } from './open-resolver.js'
import { UsageError } from './usage-error.js'

/** Where records are copied from. */
export interface CopySource {
  readonly dataDir: string
  readonly registry: Registry
  /** A store that the registry names. */
  open(url: string, service: string): Store
  close(): Promise<void>
}

/** Where records are copied to. */
export interface CopyTarget {
  readonly registry: Registry
  /** The store of a service there, made if it is missing. */
  open(service: string): Store
  /** The URL of that store, and the salt buckets of its keys. */
  layout(service: string): { readonly url: string; readonly buckets: number }
  close(): Promise<void>
}

const serverPattern = /^([a-z][a-z0-9-]*)(?:\+[a-z0-9]+)?:\/\//

/** A server's registry, or that of a data directory. Throws UsageError. */
export function openSource(place: string, env: NodeJS.ProcessEnv): CopySource {
  const open = (url: string, service: string): Store => openStore(url, { dataDir, service })
  const isServer = serverPattern.test(place)
  const dataDir = path.resolve(isServer ? (env['HOPTRACE_DIR'] ?? '.hoptrace') : place)
  if (!isServer) {
    if (!existsSync(dataDir)) throw new UsageError(`there is no data directory ${dataDir}`)
    const registry = fileRegistry(dataDir)
    return { dataDir, registry, open, close: () => registry.close() }
  }
  const store = openStore(checkedStoreUrl(place), { dataDir, service: 'hoptrace' })
  return { dataDir, registry: storeRegistry(store, dataDir), open, close: () => store.close() }
}

/** Throws UsageError. */
export function openTarget(place: string, { dataDir }: CopySource, env: NodeJS.ProcessEnv): CopyTarget {
  const [, kind] = serverPattern.exec(place) ?? []
  if (kind === undefined) return directory(path.resolve(place), env)
  const spec: StoreSpec = { kind, url: checkedStoreUrl(place) }
  const registryStore = openRegistry(spec, { dataDir, service: 'hoptrace' })
  if (registryStore === undefined) throw new UsageError(`${place} is no server that other hosts reach`)
  return targetOf(spec, dataDir, storeRegistry(registryStore, dataDir), () => registryStore.close())
}

function directory(dataDir: string, env: NodeJS.ProcessEnv): CopyTarget {
  if (!env['HOPTRACE_KEY'])
    throw new UsageError(
      'HOPTRACE_KEY is not set: rows in another data directory need the key of the services',
      'it is in the file key of their data directory, unless they were given one',
    )
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  return targetOf({ kind: 'level' }, dataDir, fileRegistry(dataDir), async () => undefined)
}

function targetOf(
  spec: StoreSpec,
  dataDir: string,
  registry: Registry,
  close: () => Promise<void>,
): CopyTarget {
  const open = (service: string): Store => openStore(spec, { dataDir, service })
  return {
    registry,
    open,
    layout: (service) => ({ url: open(service).url, buckets: bucketsOf(spec) }),
    close,
  }
}
