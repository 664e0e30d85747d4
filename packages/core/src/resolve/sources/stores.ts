import { hostname } from 'node:os'
import { HoptraceError } from '../../base/errors.js'
import type { Store } from '../../store/contract.js'
import type { InstanceRow } from '../../record/instance-row.js'
import { orAborted } from '../../base/deadline.js'
import type { Reads } from '../walk/reads.js'

/** Opens a store by its URL in the registry. */
export type OpenStore = (url: string, service: string) => Store | Promise<Store>

const maxOpen = 64

interface Opened {
  readonly store: Promise<Store>
  /** The same, once it is open: there is nothing to wait for then. */
  opened?: Store
  users: number
}

/** Stores that a resolver reads: opened once, and kept until `close` or until many others were read. */
export class Stores {
  private readonly opened = new Map<string, Opened>()
  private closed = false

  /** `given`: stores of this process, by URL; they are never closed here. */
  constructor(
    private readonly open: OpenStore,
    private readonly given: ReadonlyMap<string, Store> = new Map(),
  ) {}

  /**
   * Runs `read` over the store of that URL, and counts its scans; they end with `signal`, also where the
   * store does not open.
   */
  async use<T>(
    url: string,
    row: InstanceRow,
    reads: Reads,
    read: (store: Store) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const given = this.given.get(url)
    if (given !== undefined) return read(counting(given, reads, signal))
    if (url.startsWith('memory:') && (row.pid !== process.pid || row.host !== hostname())) {
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${url} is in the memory of another process`)
    }
    if (this.closed) throw new HoptraceError('HOPTRACE_CLOSED', 'the resolver is closed')
    const entry = this.entry(url, row.service)
    entry.users++
    try {
      signal?.throwIfAborted()
      const store = entry.opened ?? (await orAborted(entry.store, signal))
      return await read(counting(store, reads, signal))
    } finally {
      entry.users--
    }
  }

  /** The same for a stream: the store is kept while it is read. */
  async *pages<T>(
    url: string,
    row: InstanceRow,
    reads: Reads,
    read: (store: Store) => AsyncIterable<T>,
    signal?: AbortSignal,
  ): AsyncGenerator<T, void, undefined> {
    let done = (): void => undefined
    const finished = new Promise<void>((resolve) => (done = resolve))
    const store = await new Promise<Store>((resolve, reject) => {
      const hold = async (opened: Store): Promise<void> => {
        resolve(opened)
        await finished
      }
      this.use(url, row, reads, hold, signal).catch(reject)
    })
    try {
      yield* read(store)
    } finally {
      done()
    }
  }

  /** Closes every store. */
  async close(): Promise<void> {
    this.closed = true
    const all = [...this.opened.values()]
    this.opened.clear()
    await Promise.all(all.map((entry) => shut(entry)))
  }

  private entry(url: string, service: string): Opened {
    const known = this.opened.get(url)
    if (known !== undefined) return known
    if (this.opened.size >= maxOpen) this.evict()
    const store = Promise.resolve(this.open(url, service)).then(async (made) => {
      await made.open()
      return made
    })
    const entry: Opened = { store, users: 0 }
    this.opened.set(url, entry)
    store.then(
      (made) => (entry.opened = made),
      // A store that did not open is tried again by the next question.
      () => this.forget(url, entry),
    )
    return entry
  }

  private evict(): void {
    for (const [url, entry] of this.opened) {
      if (entry.users > 0) continue
      this.forget(url, entry)
      void shut(entry)
      return
    }
  }

  private forget(url: string, entry: Opened): void {
    if (this.opened.get(url) === entry) this.opened.delete(url)
  }
}

async function shut(entry: Opened): Promise<void> {
  try {
    await (await entry.store).close()
  } catch {
    // It never opened, or is closed already. Nothing is left to close.
  }
}

/** The same store, with its scans counted. */
function counting(store: Store, reads: Reads, signal?: AbortSignal): Store {
  return {
    url: store.url,
    supports: store.supports,
    open: () => store.open(),
    put: (rows) => store.put(rows),
    close: async () => undefined,
    scan: async (range) => {
      const rows = await store.scan(signal === undefined ? range : { signal, ...range })
      reads.scans++
      for (const { key, value } of rows) reads.bytes += key.length + value.length
      return rows
    },
  }
}
