import { HoptraceError } from '../base/errors.js'
import type { Row, ScanRange, Store, StoreSupports } from './contract.js'

/** A store whose driver is loaded by its first use. `supports` is what `expected` says until then. */
export function lazyStore(url: string, expected: StoreSupports, load: () => Promise<Store>): Store {
  return new LazyStore(url, expected, load)
}

class LazyStore implements Store {
  readonly url: string
  readonly #expected: StoreSupports
  readonly #load: () => Promise<Store>
  #loading: Promise<Store> | undefined
  #loaded: Store | undefined
  #closed = false

  constructor(url: string, expected: StoreSupports, load: () => Promise<Store>) {
    this.url = url
    this.#expected = expected
    this.#load = load
  }

  get supports(): StoreSupports {
    return this.#loaded?.supports ?? this.#expected
  }

  async open(): Promise<void> {
    await (await this.#store()).open()
  }

  async put(rows: readonly Row[]): Promise<void> {
    await (await this.#store()).put(rows)
  }

  async scan(range: ScanRange): Promise<readonly Row[]> {
    return (await this.#store()).scan(range)
  }

  async deleteRange(from: Uint8Array, to: Uint8Array): Promise<void> {
    await (await this.#store()).deleteRange?.(from, to)
  }

  async close(): Promise<void> {
    this.#closed = true
    await (await this.#loading?.catch(() => undefined))?.close()
  }

  #store(): Promise<Store> {
    if (this.#closed)
      return Promise.reject(new HoptraceError('HOPTRACE_STORE_CLOSED', `${this.url} is closed`))
    // A load that failed is tried again: the package may have been installed since.
    this.#loading ??= this.#load().then(
      (store) => (this.#loaded = store),
      (error: unknown) => {
        this.#loading = undefined
        throw error
      },
    )
    return this.#loading
  }
}
