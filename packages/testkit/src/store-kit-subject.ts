import type { Store } from '@hoptrace/core/store'

/** Empty ground for one test: what a store's rows are kept in. */
export interface StoreGround {
  /** A store over these rows, not yet open. Called again after `close` it finds what is durable; the kit closes what it opens. */
  connect(): Store
  /** Where only one process may have it open: has another process open it, until `release`. */
  hold?(): Promise<{ release(): Promise<void> }>
  /** A store that is files of this host: where they are, and a store over a copy of them. */
  readonly files?: { readonly dir: string; connect(dir: string): Store }
  /** Removes everything. All stores are closed by then. */
  remove(): Promise<void>
}

/** A store under test. What it can do stands on the store itself (`supports`). */
export interface StoreSubject {
  readonly name: string
  create(): Promise<StoreGround>
}
