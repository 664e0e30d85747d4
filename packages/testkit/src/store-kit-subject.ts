import type { Store } from '@hoptrace/core/store'

/** Empty ground for one test: the place of a store's rows. */
export interface StoreGround {
  /**
   * A store over these rows, not yet open. Called again after `close`, it finds all durable rows. The kit
   * closes every store.
   */
  connect(): Store
  /** For a store that only one process may have open: lets another process open it, until `release`. */
  hold?(): Promise<{ release(): Promise<void> }>
  /** For a store made of files on this host: their directory, and a store over a copy of them. */
  readonly files?: { readonly dir: string; connect(dir: string): Store }
  /** A store over a server: takes the server away, so that reads fail, and gives it back. */
  away?(): Promise<{ back(): Promise<void> }>
  /** Removes everything. All stores are closed before. */
  remove(): Promise<void>
}

/** A store under test. Its abilities are on the store itself (`supports`). */
export interface StoreSubject {
  readonly name: string
  create(): Promise<StoreGround>
}
