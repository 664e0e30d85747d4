import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type FileHandle, openFile } from '../../files/index.js'
import { ByteWriter } from '../../segment/bytes.js'
import type { TableEntry } from './manifest.js'
import { filePlace } from './names.js'
import type { StoredRow } from './stored-row.js'
import { blockBytes, blockChecksum, tableOwner, writeFooter } from './table-format.js'

/** Blocks are written together once they have as many bytes. */
const bufferBytes = 1 << 20

/** Writes one table. Rows are added in order of their keys. */
export class TableWriter {
  readonly #nonce = randomBytes(4).readUInt32BE(0)
  readonly #index = new ByteWriter()
  readonly #block = new ByteWriter(2 * blockBytes)
  #blocks: Buffer[] = []
  #buffered = 0
  #offset = 0
  #written = 0
  #first: Buffer | undefined
  #last: Buffer | undefined
  #rows = 0

  private constructor(
    private readonly writer: string,
    readonly number: number,
    private readonly handle: FileHandle,
    private readonly stamp: number,
  ) {}

  /** `stamp`: the latest of all rows that will be added. */
  static async create(dir: string, writer: string, number: number, stamp: number): Promise<TableWriter> {
    return new TableWriter(
      writer,
      number,
      await openFile(filePlace(dir, writer, number, 'table'), 'create'),
      stamp,
    )
  }

  get rows(): number {
    return this.#rows
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#offset
  }

  /** True when `flush` should be called before the next row. */
  get full(): boolean {
    return this.#buffered >= bufferBytes
  }

  add({ key, stamp, value }: StoredRow): void {
    const block = this.#block
    if (block.length > 0 && block.length + key.length + (value?.length ?? 0) > blockBytes) this.#closeBlock()
    const shared = this.#first === undefined ? 0 : sharedBytes(this.#last as Buffer, key)
    block.varint(shared)
    block.varint(key.length - shared)
    block.varint(value === null ? 0 : value.length + 1)
    block.varint(this.stamp - stamp)
    block.bytes(key.subarray(shared))
    if (value !== null) block.bytes(value)
    this.#first ??= key
    this.#last = key
    this.#rows++
    if (block.length >= blockBytes) this.#closeBlock()
  }

  /** Writes what is buffered. */
  async flush(): Promise<void> {
    const blocks = this.#blocks
    this.#blocks = []
    this.#buffered = 0
    const bytes = Buffer.concat(blocks)
    if (bytes.length === 0) return
    await this.#write(bytes)
  }

  /** Writes the index and the footer; the table is on disk when it resolves. */
  async finish(): Promise<TableEntry> {
    this.#closeBlock()
    await this.flush()
    const index = this.#index.view()
    const { bytes, checksum } = writeFooter(tableOwner(this.writer, this.number), {
      nonce: this.#nonce,
      indexOffset: this.#offset,
      indexBytes: index.length,
      indexChecksum: crc32(index, this.#nonce),
      rows: this.#rows,
      stamp: this.stamp,
    })
    await this.#write(Buffer.concat([index, bytes]))
    await this.handle.datasync()
    await this.handle.close()
    return { number: this.number, bytes: this.#written, rows: this.#rows, checksum, stamp: this.stamp }
  }

  /** Gives up. The file stays to be deleted. */
  async abort(): Promise<void> {
    await this.handle.close().catch(() => undefined)
  }

  async #write(bytes: Buffer): Promise<void> {
    const { bytesWritten } = await this.handle.write(bytes, 0, bytes.length, this.#written)
    if (bytesWritten !== bytes.length) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    this.#written += bytes.length
  }

  #closeBlock(): void {
    if (this.#first === undefined || this.#last === undefined) return
    const block = Buffer.from(this.#block.view())
    const entry = Buffer.alloc(14)
    entry.writeUIntBE(this.#offset, 0, 6)
    entry.writeUInt32BE(block.length, 6)
    entry.writeUInt32BE(blockChecksum(block, this.#nonce, this.#offset), 10)
    for (const key of [this.#first, this.#last]) {
      this.#index.byte(key.length >> 8)
      this.#index.byte(key.length & 255)
      this.#index.bytes(key)
    }
    this.#index.bytes(entry)
    this.#blocks.push(block)
    this.#buffered += block.length
    this.#offset += block.length
    this.#block.clear()
    this.#first = undefined
  }
}

function sharedBytes(a: Buffer, b: Buffer): number {
  const most = Math.min(a.length, b.length)
  let at = 0
  while (at < most && a[at] === b[at]) at++
  return at
}
