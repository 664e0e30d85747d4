/** One row: keys order bytewise. */
export interface Row {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** `from` is inclusive, `to` exclusive. `limit` is the most rows of one answer. */
export interface ScanRange {
  readonly from: Uint8Array
  readonly to: Uint8Array
  readonly limit: number
  readonly signal?: AbortSignal
}

/** What a store can do; the core and the store kit read it. */
export interface StoreSupports {
  /** Rows survive the process. */
  readonly durable: boolean
  /** Several processes may have it open at once. */
  readonly shared: boolean
  /** It expires rows by itself (`ttlSeconds`); otherwise the shipper calls `deleteRange`. */
  readonly ttl: boolean
}

/**
 * An ordered map with batch put and forward scan: all that hoptrace asks of a database. The layout of keys
 * and values lives in core (`store/keys.ts`), so an implementation only does I/O. Failures reject with a
 * `HoptraceError` of code `HOPTRACE_STORE_*`; absence is an empty answer, never an error.
 */
export interface Store {
  /** How a resolver in another process reaches it: `level:/dir`, `hbase://host:port/table`, `memory:name`. */
  readonly url: string
  readonly supports: StoreSupports
  /** Records older than this are deleted, by the store itself or by the shipper. `Infinity`: never. @default 604800, seven days */
  readonly ttlSeconds?: number
  /**
   * The most bytes (keys and values) that a service keeps here; beyond it, the shipper calls `deleteRange` for the oldest windows of the
   * service. @default Infinity
   */
  readonly maxBytes?: number
  /** Opens once; later calls share the first. Other methods may be called before it resolves. */
  open(): Promise<void>
  /**
   * When it resolves, all rows are durable (if `supports.durable`). A row replaces the row with the same key.
   */
  put(rows: readonly Row[]): Promise<void>
  /** One page in key order: at most `limit` rows. Fewer than `limit` means that the range holds no more. */
  scan(range: ScanRange): Promise<readonly Row[]>
  /** Removes `[from, to)`. Stores with `supports.ttl` may leave it out. */
  deleteRange?(from: Uint8Array, to: Uint8Array): Promise<void>
  close(): Promise<void>
}

/** How a store is named in options. `ttlSeconds` and `maxBytes` limit what is kept, see `Store`. */
export type StoreSpec =
  | {
      readonly kind: 'level'
      readonly dir?: string
      readonly ttlSeconds?: number
      readonly maxBytes?: number
    }
  | {
      readonly kind: 'hbase'
      readonly url: string
      readonly table?: string
      readonly buckets?: number
      readonly ttlSeconds?: number
      readonly maxBytes?: number
    }
  | { readonly kind: 'memory'; readonly ttlSeconds?: number; readonly maxBytes?: number }
  | PackagedStoreSpec

/**
 * A store that a package brings: `@hoptrace/<kind>` or `hoptrace-store-<kind>`, which has to be installed.
 * See `StoreDriver`.
 */
export interface PackagedStoreSpec {
  readonly kind: string
  /**
   * `<kind>:/path` for files of this host, `<kind>://user:password@host…` for a server. `{service}` is replaced by the
   * service's name: each service needs its own file or table. A server's URL without it ends with `#{service}`.
   */
  readonly url: string
  readonly buckets?: number
  readonly ttlSeconds?: number
  readonly maxBytes?: number
}

/** Is it a store object, or the name of one? */
export function isStore(store: StoreSpec | Store): store is Store {
  return 'scan' in store && typeof store.scan === 'function'
}
