import { setImmediate } from 'node:timers/promises'
import { writeFrame } from './append-file.js'
import { compactionOf, mergeTables } from './compact.js'
import { endOfKeys } from './end-of-keys.js'
import type { TableEntry } from './manifest.js'
import { RowMerge } from './merge-rows.js'
import { purge } from './purge.js'
import type { StoredRow } from './stored-row.js'
import { TableWriter } from './table-writer.js'
import type { OwnedWriter } from './writer-owner.js'
import type { WriterView } from './writer-view.js'

/** An append file that has as many bytes or rows becomes a table. */
const sealBytes = 4 << 20
const sealRows = 20_000

/** Most bytes of puts that are written together. */
const groupBytes = 8 << 20

/** A row that is to be put, or deleted where its value is null. */
export type Change = Pick<StoredRow, 'key' | 'value'>

interface Waiting {
  readonly changes: readonly Change[]
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/** Another process owns the writer's directory by now. */
export class WriterLost extends Error {}

/** Writes rows into the files of one writer, and keeps them few. */
export class StoreWriter {
  #waiting: Waiting[] = []
  #working: Promise<void> | undefined
  #tidying: Promise<void> | undefined
  #rows = 0
  #stamp: number
  #closing = false
  /** Files change only by one at a time. */
  #lock: Promise<unknown> = Promise.resolve()

  constructor(private readonly parts: OwnedWriter) {
    this.#stamp = parts.view.stamp
    this.#rows = parts.view.append?.rows.count ?? 0
  }

  get writer(): string {
    return this.parts.files.writer
  }

  /** Rows are on disk when it resolves. Puts that wait for each other are written together. */
  put(changes: readonly Change[]): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ changes, done, failed })
      this.#working ??= this.#work()
    })
  }

  /**
   * Gives back what deleted rows of a range take in this writer's files; `others` are the other writers of
   * the store.
   */
  purge(from: Uint8Array, to: Uint8Array, others: () => Promise<readonly WriterView[]>): Promise<void> {
    return this.#tidy(async () => {
      await this.#locked(() => this.#seal())
      await purge(this.#tools(), from, to, others)
    })
  }

  /** Waits for pending puts, and closes the files. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#working
    await this.#tidying?.catch(() => undefined)
    await this.parts.files.close()
    this.parts.view.close()
    this.parts.owned.release()
  }

  async #work(): Promise<void> {
    // Puts of one turn go together.
    await setImmediate()
    while (this.#waiting.length > 0) {
      const group: Waiting[] = []
      for (let bytes = 0; this.#waiting.length > 0 && bytes < groupBytes;) {
        const next = this.#waiting.shift() as Waiting
        group.push(next)
        for (const { key, value } of next.changes) bytes += key.length + (value?.length ?? 0)
      }
      try {
        await this.#locked(() => this.#append(group))
        for (const { done } of group) done()
      } catch (error) {
        for (const { failed } of group) failed(error)
      }
    }
    this.#working = undefined
  }

  async #append(group: readonly Waiting[]): Promise<void> {
    const { files, owned } = this.parts
    if (!owned.held()) throw new WriterLost()
    const stamp = Math.max(Date.now() * 1000, this.#stamp + 1)
    const rows = new Map<string, StoredRow>()
    for (const { changes } of group)
      for (const { key, value } of changes) rows.set(key.toString('latin1'), { key, stamp, value })
    if (rows.size === 0) return
    const frame = writeFrame([...rows.values()], stamp, files.chain)
    await files.put(frame.bytes, frame.chain)
    this.#stamp = stamp
    this.#rows += rows.size
    if (files.appended < sealBytes && this.#rows < sealRows) return
    // The rows are safe: what goes wrong from here on is tried again with the next put.
    await this.#seal().catch(() => undefined)
    if (compactionOf(files.tables) !== undefined)
      void this.#tidy(() => this.#compact()).catch(() => undefined)
  }

  /** Makes a table of the append file. */
  async #seal(): Promise<void> {
    const { files, view, owned } = this.parts
    if (files.appended === 0) return
    if (!owned.held()) throw new WriterLost()
    view.refresh()
    const sources = view.append?.rows.sources ?? []
    const table = await this.#write(view.append?.stamp ?? 0, async (writer) => {
      const merge = new RowMerge(sources.map((source) => source.cursor(Buffer.alloc(0), endOfKeys)))
      for (let row = merge.next(); row !== undefined; row = merge.next()) {
        writer.add({ key: row.key, stamp: row.newest.stamp, value: row.newest.value() })
        if (writer.full) await writer.flush()
      }
    })
    await files.seal(table)
    this.#rows = 0
    view.refresh()
    view.closeRetired()
  }

  async #write(stamp: number, fill: (writer: TableWriter) => Promise<void>): Promise<TableEntry> {
    const { files } = this.parts
    const writer = await TableWriter.create(files.dir, files.writer, files.takeNumber(), stamp)
    try {
      await fill(writer)
      return await writer.finish()
    } catch (error) {
      await writer.abort()
      files.remove(writer.number, 'table')
      throw error
    }
  }

  async #compact(): Promise<void> {
    for (;;) {
      const chosen = compactionOf(this.parts.files.tables)
      if (chosen === undefined || this.#closing) return
      await mergeTables(this.#tools(), chosen)
    }
  }

  #tools() {
    const { files, view, owned } = this.parts
    return {
      files,
      view,
      stopped: () => this.#closing || !owned.held(),
      locked: <T>(work: () => Promise<T>) => this.#locked(work),
    }
  }

  /** One tidying at a time. */
  #tidy(work: () => Promise<void>): Promise<void> {
    const before = this.#tidying
    const now = (async () => {
      await before?.catch(() => undefined)
      await work()
    })()
    this.#tidying = now
    return now
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lock.then(work)
    this.#lock = done.catch(() => undefined)
    return done
  }
}
