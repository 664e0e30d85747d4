import { randomBytes } from 'node:crypto'
import {
  type FileHandle,
  listDirSync,
  openFile,
  removeFileSync,
  writeNewSync,
  writeReplacing,
} from '../../files/index.js'
import { chainStart } from './append-file.js'
import { headBytes, writeHead, type Head } from './head-file.js'
import { manifestText, type Manifest, type TableEntry } from './manifest.js'
import { dataFile, filePlace, headPlace, manifestPlace, ourWriterDir } from './names.js'
import type { WriterView } from './writer-view.js'

/**
 * The files of a writer, for its owner. One call at a time. What a call counts is on disk when it resolves.
 */
export class WriterFiles {
  private constructor(
    readonly dir: string,
    readonly writer: string,
    private manifest: Manifest,
    private head: Head,
    private append: FileHandle,
    private readonly headFile: FileHandle,
    private next: number,
  ) {}

  /** Makes the files of a new writer in its directory. */
  static async create(dir: string, writer: string): Promise<WriterFiles> {
    const manifest: Manifest = { generation: 1, append: 1, appendNonce: nonce(), next: 2, tables: [] }
    await (await openFile(filePlace(dir, writer, 1, 'append'), 'make')).close()
    await writeReplacing(manifestPlace(dir, writer), manifestText(writer, manifest))
    const head = { counter: 1, generation: 1, append: 1, size: 0, chain: chainStart(1, manifest.appendNonce) }
    const bytes = Buffer.alloc(headBytes)
    const slot = writeHead(writer, head)
    slot.bytes.copy(bytes, slot.offset)
    writeNewSync(headPlace(dir, writer), bytes)
    return WriterFiles.open(dir, writer, manifest, head)
  }

  /**
   * Continues the files of a dead writer, which `view` has just read. Completes or removes its unfinished
   * work.
   */
  static async recover(view: WriterView, counter: number): Promise<WriterFiles> {
    const { dir, writer } = view
    const manifest = view.manifest as Manifest
    const append = view.append as NonNullable<WriterView['append']>
    const { size, chain } = append.pendingEnd ?? append
    const head = {
      counter: counter + 1,
      generation: manifest.generation,
      append: manifest.append,
      size,
      chain,
    }
    const files = await WriterFiles.open(dir, writer, manifest, { ...head, counter })
    await files.append.truncate(size)
    await files.append.sync()
    await files.putHead(head)
    files.sweep()
    return files
  }

  private static async open(
    dir: string,
    writer: string,
    manifest: Manifest,
    head: Head,
  ): Promise<WriterFiles> {
    const append = await openFile(filePlace(dir, writer, manifest.append, 'append'), 'update')
    const headFile = await openFile(headPlace(dir, writer), 'update')
    return new WriterFiles(dir, writer, manifest, head, append, headFile, manifest.next)
  }

  get chain(): number {
    return this.head.chain
  }

  /** Bytes of the append file. */
  get appended(): number {
    return this.head.size
  }

  get tables(): readonly TableEntry[] {
    return this.manifest.tables
  }

  /** The number of a new file. */
  takeNumber(): number {
    return this.next++
  }

  /** Appends a frame with a checksum that continues from `chain`. */
  async put(frame: Buffer, chain: number): Promise<void> {
    const { head } = this
    const { bytesWritten } = await this.append.write(frame, 0, frame.length, head.size)
    if (bytesWritten !== frame.length) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    await this.append.datasync()
    await this.putHead({ ...head, counter: head.counter + 1, size: head.size + frame.length, chain })
  }

  /** Begins a new append file; the rows of the one before are in `table` now. */
  async seal(table: TableEntry | undefined): Promise<void> {
    const { dir, writer, manifest } = this
    const number = this.takeNumber()
    const appendNonce = nonce()
    const append = await openFile(filePlace(dir, writer, number, 'append'), 'create')
    try {
      await this.putManifest({
        ...manifest,
        append: number,
        appendNonce,
        tables: table === undefined ? manifest.tables : [...manifest.tables, table],
      })
    } catch (error) {
      await append.close()
      this.remove(number, 'append')
      throw error
    }
    const before = this.append
    this.append = append
    this.head = { ...this.head, append: number, size: 0, chain: chainStart(number, appendNonce) }
    await this.countManifest()
    await before.close()
    this.remove(manifest.append, 'append')
  }

  /** Puts tables in the place of others. */
  async replace(old: ReadonlySet<number>, made: readonly TableEntry[]): Promise<void> {
    const { manifest } = this
    const kept = manifest.tables.filter(({ number }) => !old.has(number))
    await this.putManifest({ ...manifest, tables: [...kept, ...made] })
    await this.countManifest()
    for (const number of old) this.remove(number, 'table')
  }

  /** Deletes a file that does not count. */
  remove(number: number, kind: 'append' | 'table'): void {
    removeFileSync(ourWriterDir(this.dir, this.writer), `${number}.${kind}`)
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.append.close(), this.headFile.close()])
  }

  private async putManifest(manifest: Manifest): Promise<void> {
    const next = { ...manifest, generation: this.manifest.generation + 1, next: this.next }
    await writeReplacing(manifestPlace(this.dir, this.writer), manifestText(this.writer, next))
    this.manifest = next
  }

  private async countManifest(): Promise<void> {
    const { head, manifest } = this
    this.head = { ...head, generation: manifest.generation }
    await this.putHead({ ...this.head, counter: head.counter + 1 })
  }

  private async putHead(head: Head): Promise<void> {
    const { bytes, offset } = writeHead(this.writer, head)
    await this.headFile.write(bytes, 0, bytes.length, offset)
    await this.headFile.datasync()
    this.head = head
  }

  /** Deletes what an earlier owner began and did not count. */
  private sweep(): void {
    const { manifest } = this
    const counted = new Set(manifest.tables.map(({ number }) => `${number}.table`)).add(
      `${manifest.append}.append`,
    )
    for (const { name } of listDirSync({ dir: this.dir, name: this.writer })) {
      if (!dataFile.test(name) || counted.has(name)) continue
      removeFileSync(ourWriterDir(this.dir, this.writer), name)
      this.next = Math.max(this.next, parseInt(name) + 1)
    }
  }
}

function nonce(): number {
  return randomBytes(4).readUInt32BE(0)
}
