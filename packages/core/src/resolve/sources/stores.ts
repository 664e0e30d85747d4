import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoptraceError } from '../../errors.js'
import type { Store } from '../../store/contract.js'
import type { InstanceRow } from '../../store/instance-row.js'
import { orAborted } from '../deadline.js'
import type { Reads } from '../walk/reads.js'

/** Opens a store by its URL, as it stands in the registry. */
export type OpenStore = (url: string, service: string) => Store | Promise<Store>

/** How long a store that only one process may have open is kept when nobody reads it: its owner may want it back. */
const exclusiveMillis = 200
/** Under constant reading it is let go of every so often, and left alone for a moment: others want to read it, too. */
const heldMillis = 300
const gapMillis = 100
const maxOpen = 64

interface Opened {
  readonly store: Promise<Store>
  /** On the `performance.now()` clock. */
  readonly at: number
  users: number
  timer: NodeJS.Timeout | undefined
  /** Only one process may have it open. */
  exclusive: boolean
}

/** Stores that a resolver reads: opened once, shared ones kept until `close`, exclusive ones let go of at once when idle. */
export class Stores {
  private readonly opened = new Map<string, Opened>()
  /** When a store may be opened again that was let go of for others. */
  private readonly rests = new Map<string, number>()
  private closed = false

  /** `given`: stores of this process, by URL; they are never closed here. */
  constructor(
    private readonly open: OpenStore,
    private readonly given: ReadonlyMap<string, Store> = new Map(),
  ) {}

  /** Runs `read` over the store of that URL, and counts its scans; they end with `signal`, also where the store does not open. */
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
    if (!this.closed) await this.turn(url)
    if (this.closed) throw new HoptraceError('HOPTRACE_CLOSED', 'the resolver is closed')
    const entry = this.entry(url, row.service)
    entry.users++
    try {
      return await read(counting(await orAborted(entry.store, signal), reads, signal))
    } finally {
      entry.users--
      this.release(url, entry)
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

  /** Lets go of every store. */
  async close(): Promise<void> {
    this.closed = true
    const all = [...this.opened.values()]
    this.opened.clear()
    await Promise.all(all.map((entry) => shut(entry)))
  }

  /** Waits while a store that was held for long enough is let go of; not for ever, as somebody may be reading a long range. */
  private async turn(url: string): Promise<void> {
    const until = performance.now() + heldMillis
    for (let now = performance.now(); now < until; now = performance.now()) {
      const known = this.opened.get(url)
      if (known !== undefined && isOver(known)) this.leave(url, known)
      const rest = this.rests.get(url) ?? 0
      if (now >= rest) this.rests.delete(url)
      if (now >= rest && (known === undefined || !isOver(known))) return
      await sleep(gapMillis / 4)
    }
  }

  private entry(url: string, service: string): Opened {
    const known = this.opened.get(url)
    if (known !== undefined) {
      clearTimeout(known.timer)
      return known
    }
    if (this.opened.size >= maxOpen) this.evict()
    const store = Promise.resolve(this.open(url, service)).then(async (made) => {
      await made.open()
      return made
    })
    const entry: Opened = { store, at: performance.now(), users: 0, timer: undefined, exclusive: false }
    store.then(
      ({ supports }) => (entry.exclusive = !supports.shared),
      () => undefined,
    )
    this.opened.set(url, entry)
    // A store that did not open is tried again by the next question.
    store.catch(() => this.forget(url, entry))
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

  private release(url: string, entry: Opened): void {
    if (entry.users > 0 || !entry.exclusive) return
    clearTimeout(entry.timer)
    if (isOver(entry)) return this.leave(url, entry)
    entry.timer = setTimeout(() => this.leave(url, entry), exclusiveMillis)
    entry.timer.unref()
  }

  private leave(url: string, entry: Opened): void {
    if (entry.users > 0 || this.opened.get(url) !== entry) return
    if (isOver(entry)) this.rests.set(url, performance.now() + gapMillis)
    this.forget(url, entry)
    void shut(entry)
  }

  private forget(url: string, entry: Opened): void {
    if (this.opened.get(url) === entry) this.opened.delete(url)
  }
}

function isOver({ exclusive, at }: Opened): boolean {
  return exclusive && performance.now() - at > heldMillis
}

async function shut(entry: Opened): Promise<void> {
  clearTimeout(entry.timer)
  try {
    await (await entry.store).close()
  } catch {
    // It never opened, or is closed: either way it is not ours any more.
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
