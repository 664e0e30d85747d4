import { timing } from '../../base/timing.js'
import path from 'node:path'
import { HoptraceError } from '../../base/errors.js'
import { isMarkedSync, makeDirSync } from '../../files/index.js'
import type { Row, ScanRange, Store } from '../contract.js'
import { nextKey } from '../keys.js'
import { checkRange } from '../scan-range.js'
import { storePlace } from './names.js'
import { StoreView } from './store-view.js'
import { type Change, StoreWriter, WriterLost } from './store-writer.js'
import { adoptWriter, openWriter, writersOf } from './writer-owner.js'

/** Where a level store is. */
export interface LevelLocation {
  readonly dir: string
  /**
   * Make the directory when it is missing; otherwise a store that is not there cannot be opened. @default
   * false
   */
  readonly make?: boolean
}

/** Rows that are deleted at once. */
const deletePage = 1000

/** So often that is tried again. */
const mostPurges = 5

/**
 * A directory of sorted, checksummed files. Any number of processes and threads write and read it at once:
 * each writer has its own files, and readers need neither a lock nor permission to write. A put is on disk
 * when it resolves. What is missing, cut, exchanged or changed makes reads reject with
 * `HOPTRACE_STORE_UNAVAILABLE`; it is never read as absence.
 */
export function levelStore(location: LevelLocation): Store {
  return new LevelStore(path.resolve(location.dir), location.make ?? false)
}

class LevelStore implements Store {
  readonly supports = { durable: true, shared: true, ttl: false }
  readonly url: string
  readonly #view: StoreView
  #writer: Promise<StoreWriter> | undefined
  #closed = false
  #deleted: { from: Uint8Array; to: Uint8Array } | undefined
  #purge: NodeJS.Timeout | undefined
  #purges = 0

  constructor(
    private readonly dir: string,
    private readonly make: boolean,
  ) {
    this.url = `level:${dir}`
    this.#view = new StoreView(dir, () => this.#made())
  }

  async open(): Promise<void> {
    await this.#guard(async () => this.#made())
  }

  async put(rows: readonly Row[]): Promise<void> {
    await this.#guard(() =>
      this.#change(rows.map(({ key, value }) => ({ key: bytesOf(key), value: bytesOf(value) }))),
    )
  }

  async scan({ from, to, limit, signal, ...rest }: ScanRange): Promise<readonly Row[]> {
    checkRange({ from, to, limit, ...rest })
    const rows: Row[] = []
    const take = ({ key }: { key: Buffer }, value: Buffer): boolean => {
      // What is read is kept for other scans, and belongs to the caller, too.
      rows.push({ key: Buffer.from(key), value: Buffer.from(value) })
      return rows.length < limit
    }
    await this.#guard(async () => {
      signal?.throwIfAborted()
      await this.#view.scan(from, to, take, signal)
    }, signal)
    return rows
  }

  async deleteRange(from: Uint8Array, to: Uint8Array): Promise<void> {
    await this.#guard(async () => {
      this.#made()
      let start = from
      for (;;) {
        const changes: Change[] = []
        await this.#view.scan(start, to, ({ key }) => {
          changes.push({ key: Buffer.from(key), value: null })
          return changes.length < deletePage
        })
        if (changes.length > 0) await this.#change(changes)
        if (changes.length < deletePage) break
        start = nextKey((changes.at(-1) as Change).key)
      }
      this.#purges = 0
      this.#purgeSoon(from, to)
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#purge)
    const writer = await this.#writer?.catch(() => undefined)
    await writer?.close()
    this.#view.close()
  }

  async #change(changes: readonly Change[]): Promise<void> {
    for (let again = false; ; again = true) {
      const opening = this.#open()
      const writer = await opening
      try {
        return await writer.put(changes)
      } catch (error) {
        // While this process was stopped, another one may have continued its files.
        if (!(error instanceof WriterLost) || again) throw error
        if (this.#writer === opening) this.#writer = undefined
        await writer.close()
      }
    }
  }

  #open(): Promise<StoreWriter> {
    this.#made()
    this.#writer ??= openWriter(this.dir).then(
      (parts) => new StoreWriter(parts),
      (error: unknown) => {
        // The next put tries again.
        this.#writer = undefined
        throw error
      },
    )
    return this.#writer
  }

  #made(): void {
    if (this.#closed) throw this.#closedError()
    if (this.make) makeDirSync(storePlace(this.dir))
    else if (!isMarkedSync(this.dir))
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `there is no store at ${this.url}`)
  }

  /**
   * The space of deleted rows is given back by each writer for its own files, and here for those of writers
   * that are gone.
   */
  #purgeSoon(from: Uint8Array, to: Uint8Array): void {
    const before = this.#deleted
    this.#deleted = {
      from: before !== undefined && Buffer.compare(before.from, from) < 0 ? before.from : Buffer.from(from),
      to: before !== undefined && Buffer.compare(before.to, to) > 0 ? before.to : Buffer.from(to),
    }
    clearTimeout(this.#purge)
    this.#purge = setTimeout(() => void this.#purgeNow(), timing.purgeMillis)
    this.#purge.unref()
  }

  async #purgeNow(): Promise<void> {
    const range = this.#deleted
    this.#deleted = undefined
    if (range === undefined) return
    try {
      await this.#purgeRange(range.from, range.to)
    } catch {
      // The files of another writer may have been replaced since.
      if (!this.#closed && this.#purges++ < mostPurges) this.#purgeSoon(range.from, range.to)
    }
  }

  async #purgeRange(from: Uint8Array, to: Uint8Array): Promise<void> {
    const own = await this.#open()
    await own.purge(from, to, () => this.#others(own))
    for (const name of writersOf(this.dir)) {
      if (this.#closed) return
      const parts = name === own.writer ? undefined : await adoptWriter(this.dir, name)
      if (parts === undefined) continue
      const left = new StoreWriter(parts)
      await left.purge(from, to, () => this.#others(left)).finally(() => left.close())
    }
  }

  async #others(own: StoreWriter) {
    return (await this.#view.settled()).filter(({ writer }) => writer !== own.writer)
  }

  async #guard<T>(run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      if (this.#closed) throw this.#closedError()
      return await run()
    } catch (cause) {
      if (this.#closed) throw this.#closedError()
      if (cause instanceof HoptraceError || signal?.aborted === true) throw cause
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${this.url} failed: ${String(cause)}`, { cause })
    }
  }

  #closedError(): HoptraceError {
    return new HoptraceError('HOPTRACE_STORE_CLOSED', `${this.url} is closed`)
  }
}

function bytesOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
