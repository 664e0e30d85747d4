import { isStore } from '../store/contract.js'
import path from 'node:path'
import { HoptraceError } from '../base/errors.js'
import { askersKeys, type AskersKeys, type ClusterKeys } from '../key/index.js'
import type { Store, StoreSpec } from '../store/contract.js'
import type { Registry } from '../record/instance-row.js'
import { openRegistry, openStore } from '../store/open-store.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import { isElsewhere } from '../store/registry/row-paths.js'
import { storeRegistry } from '../store/registry/store-registry.js'
import { knownInstances } from './known-instances.js'
import { EndpointClient } from './wire/http-get.js'
import { Patience } from './patience.js'
import { isAlive } from './sources/alive.js'
import { LiveSource } from './sources/live-source.js'
import { LogSource } from './sources/log-source.js'
import { StoreSource } from './sources/store-source.js'
import { Stores } from './sources/stores.js'
import type { QueryLimits } from './trace-query.js'

/** A store as the resolver takes it: a URL, a spec, or an object that stays the caller's. */
export type ResolverStore = string | StoreSpec | Store

/** Options of `createResolver`. Mistakes are `TypeError` at construction. */
export interface ResolverOptions {
  /** The data directory whose registry and logs are read. @default `HOPTRACE_DIR` or `.hoptrace` */
  readonly dir?: string
  /**
   * A store whose registry rows are read too, such as that of a database server. Instances' own stores are
   * found through the registry.
   */
  readonly store?: ResolverStore
  /** Several of them. */
  readonly stores?: readonly ResolverStore[]
  /** Who is asked, in place of `dir` and `store`. It stays the caller's. */
  readonly registry?: Registry
  /** `iterative`: this process asks hop by hop; `recursive`: instances ask on. @default 'iterative' */
  readonly mode?: 'iterative' | 'recursive'
  /** Ask living instances, or only read logs and stores. @default true */
  readonly live?: boolean
  /**
   * Proves rows and signs questions, and unseals ids. @default `HOPTRACE_KEY`, or what the data directory
   * keeps
   */
  readonly clusterKey?: string
  /** @internal The keys of the run that asks. */
  readonly keys?: ClusterKeys
  /** The time for one question. The answer says what it left out at the deadline. @default 10000 */
  readonly deadlineMillis?: number
  /** How long a living instance may take before its log and store are read instead. @default 1000 */
  readonly patienceMillis?: number
  /** The most hops of one trace. @default 10000 */
  readonly maxHops?: number
  /** The longest chain of calls. @default 256 */
  readonly maxDepth?: number
  /** Look-ups at a time. @default 32 */
  readonly concurrency?: number
  /** Receives failed reads that the answer has no place for: of registries, and in `find`. */
  readonly onWarning?: (message: string) => void
}

/** The parts that answer questions, made from options. */
export interface ResolverParts {
  readonly registry: Registry
  readonly client: EndpointClient
  readonly live: LiveSource | null
  readonly log: LogSource
  readonly store: StoreSource
  readonly stores: Stores
  readonly mode: 'iterative' | 'recursive'
  readonly limits: QueryLimits
  readonly patienceMillis: number
  /** Bounds how long a store is waited for. */
  readonly patience: Patience
  readonly keys: AskersKeys
  readonly warn: (message: string) => void
  readonly close: () => Promise<void>
}

/**
 * The share of a question's time for which one registry or store is waited for: some is left for all that is
 * asked after it.
 */
const placeShare = 0.3

/** Checks options and makes the parts. */
export function resolverParts(options: ResolverOptions, env: NodeJS.ProcessEnv = process.env): ResolverParts {
  const { registry, mode = 'iterative', live = true, onWarning } = options
  if (mode !== 'iterative' && mode !== 'recursive') {
    throw new TypeError(`mode must be 'iterative' or 'recursive' (got ${JSON.stringify(mode)})`)
  }
  const dir = path.resolve(options.dir ?? (env['HOPTRACE_DIR'] || '.hoptrace'))
  const own = options.keys
  const keys: AskersKeys =
    own === undefined ? askersKeys(options.clusterKey ?? (env['HOPTRACE_KEY'] || undefined), dir) : () => own
  const given = [...(options.store === undefined ? [] : [options.store]), ...(options.stores ?? [])]
  const objects = given.filter((store): store is Store => typeof store === 'object' && isStore(store))
  const named = given.filter(
    (store): store is string | StoreSpec => typeof store !== 'object' || !isStore(store),
  )
  const context = { dataDir: dir, service: 'hoptrace' }
  // Of a server that services share, their registry leads to the rest.
  const opened = named.map(
    (store) =>
      (typeof store === 'string' ? undefined : openRegistry(store, context)) ?? openStore(store, context),
  )
  const shared = [...objects, ...opened]
  const openNamed = (url: string, service: string): Store => {
    if (isElsewhere(url)) {
      throw new HoptraceError(
        'HOPTRACE_STORE_UNAVAILABLE',
        `${url} is in the data directory of ${service}, which is not the one that is asked (${dir})`,
      )
    }
    return openStore(url, { dataDir: dir, service })
  }
  const stores = new Stores(openNamed, new Map(shared.map((store) => [store.url, store])))
  const deadlineMillis = positive('deadlineMillis', options.deadlineMillis ?? 10_000)
  const client = new EndpointClient(dir, keys)
  const patienceMillis = positive('patienceMillis', options.patienceMillis ?? 1000)
  const warn = onWarning ?? (() => undefined)
  const registries =
    registry === undefined
      ? [fileRegistry(dir, keys), ...shared.map((store) => storeRegistry(store, dir, keys))]
      : [registry]
  const all = knownInstances({ registries, dataDir: dir, keys, deadlineMillis, warn })
  return {
    // A store opens with the first question that needs the registry.
    registry: all,
    client,
    live: live ? new LiveSource(client, patienceMillis) : null,
    log: new LogSource(dir, isAlive),
    store: new StoreSource(stores),
    stores,
    mode,
    patienceMillis,
    patience: new Patience(deadlineMillis * placeShare),
    keys,
    warn,
    limits: {
      deadlineMillis,
      maxHops: positive('maxHops', options.maxHops ?? 10_000),
      maxDepth: positive('maxDepth', options.maxDepth ?? 256),
      concurrency: positive('concurrency', options.concurrency ?? 32),
    },
    close: async () => {
      client.close()
      await stores.close()
      if (registry === undefined) await all.close()
      await Promise.all(opened.map((store) => store.close()))
    },
  }
}

function positive(name: string, value: number): number {
  if (!Number.isFinite(value) || value < 1)
    throw new TypeError(`${name} must be 1 or more (got ${String(value)})`)
  // Timers go no further: 24 days.
  return Math.min(Math.floor(value), 2 ** 31 - 1)
}
