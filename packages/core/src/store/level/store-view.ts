import { timing } from '../../base/timing.js'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { type Entry, StillList } from '../../files/index.js'
import { HoptraceError } from '../../base/errors.js'
import { BlockCache } from './block-cache.js'
import { damagedStore, Unsettled } from './damage.js'
import { RowMerge, type MergedKey } from './merge-rows.js'
import { isWriterName, storePlace, writerOfHead } from './names.js'
import { stillnessOf } from './stillness.js'
import type { RowSource } from './stored-row.js'
import { isNewborn } from './newborn.js'
import { WriterView } from './writer-view.js'

/** How often files are read again that do not fit together. */
const attempts = 40

/** Tables that stay open between scans. */
const maxOpenTables = 256
const cacheBytes = 8 << 20

/** After as many rows or bytes of values a scan lets others have a turn. */
const turnRows = 2000
const turnBytes = 1 << 20

/** A row of a scan as `StoreView.scan` hands it to `take`. */
export type Take = (row: MergedKey, value: Buffer) => boolean

/** What all writers of a store have. It only reads, and holds no lock. */
export class StoreView {
  readonly #writers = new Map<string, WriterView>()
  readonly #cache = new BlockCache(cacheBytes)
  readonly #list: StillList
  #scans = 0
  #closed = false

  /** @param check Throws where there is no store. */
  constructor(
    readonly dir: string,
    private readonly check: () => void,
  ) {
    this.#list = new StillList(storePlace(dir))
  }

  /**
   * Passes the rows of a range in order to `take`, until it returns false. If files were replaced during the
   * scan, it starts again after the last row that it passed.
   */
  async scan(from: Uint8Array, to: Uint8Array, take: Take, signal?: AbortSignal): Promise<void> {
    this.#scans++
    let after: Buffer | undefined
    const patience = new Patience(this.dir)
    try {
      for (;;) {
        signal?.throwIfAborted()
        this.#checkOpen()
        try {
          const start = after === undefined ? from : Buffer.concat([after, Buffer.alloc(1)])
          const merge = new RowMerge(this.#sources().map((source) => source.cursor(start, to)))
          let rows = 0
          let bytes = 0
          for (let row = merge.next(); row !== undefined; row = merge.next()) {
            const value = row.newest.value()
            after = row.key
            if (value !== null && !take(row, value)) return
            bytes += value?.length ?? 0
            if (++rows < turnRows && bytes < turnBytes) continue
            rows = bytes = 0
            await setImmediate()
            signal?.throwIfAborted()
            this.#checkOpen()
          }
          return
        } catch (error) {
          await patience.afterError(error)
        }
      }
    } finally {
      this.#scans--
    }
  }

  /** All writers as they are now; waits for files that do not fit together. */
  async settled(): Promise<readonly WriterView[]> {
    const patience = new Patience(this.dir)
    for (;;) {
      this.#checkOpen()
      try {
        return this.#refresh()
      } catch (error) {
        await patience.afterError(error)
      }
    }
  }

  /** Throws `Unsettled` and `HoptraceError`. */
  #refresh(): readonly WriterView[] {
    const heads = new Set<string>()
    const dirs = new Set<string>()
    for (const { name } of this.#list.last() ?? this.#anew()) {
      const writer = writerOfHead(name)
      if (writer !== undefined) heads.add(writer)
      else if (isWriterName(name)) dirs.add(name)
    }
    for (const writer of dirs) {
      if (!heads.has(writer) && !isNewborn(this.dir, writer))
        throw new Unsettled(`the head of ${writer} in ${this.dir} is missing`)
    }
    for (const [name, view] of this.#writers) {
      if (heads.has(name) || this.#scans > 1) continue
      view.close()
      this.#writers.delete(name)
    }
    return [...heads].map((name) => this.#refreshed(name))
  }

  #anew(): readonly Entry[] {
    this.check()
    return this.#list.listAnew()
  }

  close(): void {
    this.#closed = true
    for (const view of this.#writers.values()) view.close()
    this.#writers.clear()
  }

  #sources(): RowSource[] {
    return this.#refresh().flatMap((writer) => writer.sources())
  }

  #refreshed(name: string): WriterView {
    let view = this.#writers.get(name)
    if (view === undefined) this.#writers.set(name, (view = new WriterView(this.dir, name, this.#cache)))
    if (this.#scans <= 1) {
      view.closeRetired()
      if (this.#openTables() > maxOpenTables) for (const other of this.#writers.values()) other.closeTables()
    }
    try {
      view.refresh()
    } catch (error) {
      // What was read of files that do not fit together may be wrong itself.
      if (this.#scans <= 1) {
        view.close()
        this.#writers.delete(name)
      }
      throw error
    }
    return view
  }

  #openTables(): number {
    let open = 0
    for (const view of this.#writers.values()) open += view.openTables
    return open
  }

  #checkOpen(): void {
    if (this.#closed) throw new HoptraceError('HOPTRACE_STORE_CLOSED', `level:${this.dir} is closed`)
  }
}

/** Waits for files that do not fit together, as long as a process may be at work on them. */
class Patience {
  #attempts = 0
  #still: string | undefined

  constructor(private readonly dir: string) {}

  /** Resolves when the files are to be read again; rejects with the error, or with the damage that it shows. */
  async afterError(error: unknown): Promise<void> {
    if (!(error instanceof Unsettled)) throw error
    const still = await stillnessOf(this.dir)
    const settled = still !== undefined && still === this.#still
    if (settled || ++this.#attempts >= attempts) throw damagedStore(error.what, error)
    this.#still = still
    await sleep(still === undefined ? timing.rereadMillis : timing.stillMillis)
  }
}
