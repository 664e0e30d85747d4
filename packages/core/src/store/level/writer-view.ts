import {
  closeFileSync,
  errorCode,
  openFileSync,
  pathOf,
  readAtSync,
  readFileSync,
} from '../../files/index.js'
import { AppendView } from './append-view.js'
import { chainStart } from './append-file.js'
import type { BlockCache } from './block-cache.js'
import { damagedStore, Unsettled } from './damage.js'
import { headBytes, readHead, type Head } from './head-file.js'
import { maxManifestBytes, readManifest, type Manifest } from './manifest.js'
import { headPlace, manifestPlace } from './names.js'
import type { RowSource } from './stored-row.js'
import { Table } from './table.js'

/** What one writer has in a store, as another process or the writer itself reads it. Nothing is written. */
export class WriterView {
  /** The head that was read last, when the manifest is of its time. */
  head: Head | undefined
  /** Counter of the head that was read last. */
  counter = 0
  manifest: Manifest | undefined
  append: AppendView | undefined
  #headFd: number | undefined
  #tables = new Map<number, Table>()
  /** Obsolete tables that a scan may still be reading. */
  #retired: Table[] = []

  constructor(
    readonly dir: string,
    readonly writer: string,
    private readonly cache: BlockCache | undefined,
  ) {}

  /**
   * Sees what was put by now. Throws `Unsettled` when files do not fit together, which may be because the
   * writer is at work on them, and a `HoptraceError` for damage.
   */
  refresh(): void {
    const head = this.#readHead()
    this.counter = head.counter
    if (head.counter === this.head?.counter && this.manifest?.generation === head.generation) return
    if (this.manifest?.generation !== head.generation) this.#useManifest(this.#readManifest(), head)
    const { manifest, append } = this as { manifest: Manifest; append: AppendView }
    if (manifest.append === head.append) append.read(head.size, head.chain)
    else if (manifest.generation === head.generation + 1) {
      // Between the manifest and the head nothing is put.
      append.read(0, chainStart(manifest.append, manifest.appendNonce))
      if (append.pending !== undefined)
        throw new Unsettled(`the head of ${this.writer} is older than its manifest`)
    } else throw new Unsettled(`head and manifest of ${this.writer} name other files`)
    this.head = manifest.generation === head.generation ? head : undefined
  }

  /** Everything that is read, the put on its way included. */
  sources(): RowSource[] {
    const pending = this.append?.pending
    return [...this.durable(), ...(pending === undefined ? [] : [pending])]
  }

  /** What survives the end of the machine. */
  durable(): RowSource[] {
    return [...(this.append?.rows.sources ?? []), ...this.#tables.values()]
  }

  tables(): readonly Table[] {
    return [...this.#tables.values()]
  }

  /** Latest stamp of a row. */
  get stamp(): number {
    return Math.max(this.append?.stamp ?? 0, ...[...this.#tables.values()].map(({ entry }) => entry.stamp))
  }

  /** Closes obsolete tables. Only while no scan reads them. */
  closeRetired(): void {
    for (const table of this.#retired.splice(0)) table.close()
  }

  /** Closes all tables, to be opened again when they are read. */
  closeTables(): void {
    this.closeRetired()
    for (const table of this.#tables.values()) table.close()
  }

  get openTables(): number {
    let open = 0
    for (const table of this.#tables.values()) if (table.isOpen) open++
    return open
  }

  close(): void {
    this.closeTables()
    this.append?.close()
    this.append = undefined
    if (this.#headFd !== undefined) closeFileSync(this.#headFd)
    this.#headFd = undefined
  }

  #readHead(): Head {
    const place = headPlace(this.dir, this.writer)
    this.#headFd ??= openFileSync(place, 'read')
    const head = readHead(this.writer, readAtSync(this.#headFd, 0, headBytes))
    if (head === undefined) throw new Unsettled(`${pathOf(place)} is not as it was written`)
    return head
  }

  #readManifest(): Manifest {
    const place = manifestPlace(this.dir, this.writer)
    let text: string
    try {
      text = readFileSync(place, { maxBytes: maxManifestBytes }).toString()
    } catch (error) {
      const missing = ['ENOENT', 'ENOTDIR'].includes(errorCode(error))
      throw missing ? new Unsettled(`${pathOf(place)} is missing`) : error
    }
    const manifest = readManifest(this.writer, text)
    if (manifest === undefined) throw damagedStore(`${pathOf(place)} is not as it was written`)
    return manifest
  }

  #useManifest(manifest: Manifest, head: Head): void {
    if (manifest.generation !== head.generation && manifest.generation !== head.generation + 1)
      throw new Unsettled(`head and manifest of ${this.writer} are not of one time`)
    if (manifest.generation === this.manifest?.generation) return
    if (this.append?.number !== manifest.append) {
      const append = new AppendView(this.dir, this.writer, manifest.append, manifest.appendNonce)
      this.append?.close()
      this.append = append
    }
    const tables = new Map<number, Table>()
    for (const entry of manifest.tables) {
      tables.set(
        entry.number,
        this.#tables.get(entry.number) ?? new Table(this.dir, this.writer, entry, this.cache),
      )
    }
    for (const [number, table] of this.#tables) if (!tables.has(number)) this.#retired.push(table)
    this.#tables = tables
    this.manifest = manifest
  }
}
