import type { Store } from './contract.js'
import type { StoreLogin } from './login.js'

/** What a store is made with when it does not exist yet. */
export interface StoreMaking {
  /** Salt buckets of its keys: 1-128. */
  readonly buckets: number
  /** Rows may be removed when they are older. Undefined: the shipper removes what has expired. */
  readonly ttlSeconds: number | undefined
}

/**
 * What the package of a store exports as `driver`. The package of `{ kind: 'sqlite', url: 'sqlite:/dir/orders' }` is
 * `@hoptrace/sqlite` or `hoptrace-store-sqlite`, and its URLs begin with `sqlite:`.
 */
export interface StoreDriver {
  /**
   * The store at a URL, not opened yet. With `making`, its service ships to it, and `open` makes what is missing;
   * without, it is only read. `login` is what this process knows of the server. Throws `TypeError` for a URL that is not one of this driver.
   */
  open(url: string, making?: StoreMaking, login?: StoreLogin): Store
}

/** How core reaches stores of one kind, its own or those of a package. */
export interface KnownDriver {
  /** Which processes can open a store: its own, those of its host, or those of all hosts. */
  reach(url: string): 'process' | 'host' | 'network'
  isUrl(url: string): boolean
  /** The URL of a spec's store. Throws `TypeError` that says what to change in the spec, which it calls `name`. */
  urlOf(spec: StoreSpecLike, context: SpecContext, name: string): string
  /** The names of the fields that a spec may have. */
  readonly options: readonly string[]
  /** Salt buckets where a spec does not say. */
  readonly buckets: number
  /** What to install when a package that the URL's store needs is missing. */
  missing?(url: string): string | undefined
  /** `login` is that of a spec; without it, what this process knows of the server. */
  open(url: string, making?: StoreMaking, login?: StoreLogin): Store
  /** Where the services that share a store's server register; undefined when only their host needs to know them. */
  registry(url: string, login?: StoreLogin): Store | undefined
}

/** A spec of any kind, as far as all have it. */
export interface StoreSpecLike {
  readonly kind: string
  readonly url?: string
  readonly dir?: string
  readonly table?: string
  readonly buckets?: number
  readonly ttlSeconds?: number
  readonly maxBytes?: number
}

/** The service that a store is for, and its data directory. */
export interface SpecContext {
  readonly dataDir: string
  readonly service: string
}
