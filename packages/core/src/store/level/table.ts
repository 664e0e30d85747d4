import { crc32 } from 'node:zlib'
import { compareBytes } from '../../base/compare-bytes.js'
import { closeFileSync, errorCode, openFileSync, pathOf, readAtSync, sizeOfSync } from '../../files/index.js'
import { BlockCursor } from './block.js'
import type { BlockCache } from './block-cache.js'
import { damagedStore, Unsettled } from './damage.js'
import type { TableEntry } from './manifest.js'
import { filePlace } from './names.js'
import type { Cursor, RowSource } from './stored-row.js'
import { blockChecksum, footerBytes, readFooter, tableOwner } from './table-format.js'

interface Opened {
  readonly fd: number
  readonly nonce: number
  readonly stamp: number
  readonly index: Buffer
  /** Where each block's entry begins in the index. */
  readonly entries: Uint32Array
}

/** Reads one table. It is opened when it is asked for the first time; the index stays in memory while it is open. */
export class Table implements RowSource {
  #opened: Opened | undefined

  constructor(
    private readonly dir: string,
    private readonly writer: string,
    readonly entry: TableEntry,
    private readonly cache: BlockCache | undefined,
  ) {}

  get isOpen(): boolean {
    return this.#opened !== undefined
  }

  /** Throws `Unsettled` when the file is gone. */
  cursor(from: Uint8Array, to: Uint8Array): Cursor {
    return new TableCursor(this, from, to)
  }

  get blocks(): number {
    return this.#open().entries.length
  }

  /** The first key of a block. */
  first(block: number): Buffer {
    const { index, entries } = this.#open()
    const at = (entries[block] as number) + 2
    return index.subarray(at, at + index.readUInt16BE(at - 2))
  }

  /** The first block whose last key is not below a key. */
  reaching(key: Uint8Array): number {
    const { index, entries } = this.#open()
    let low = 0
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const at = lastAt(index, entries[middle] as number)
      if (compareBytes(key, index, at, at + index.readUInt16BE(at - 2)) > 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The rows of a block, its checksum verified. */
  rows(block: number): BlockCursor {
    return new BlockCursor(this.#bytes(block), this.#open().stamp)
  }

  #bytes(block: number): Buffer {
    const name = `${this.writer} ${this.entry.number} ${block}`
    const known = this.cache?.get(name)
    if (known !== undefined) return known
    const { fd, nonce, index, entries } = this.#open()
    const last = lastAt(index, entries[block] as number)
    const at = last + index.readUInt16BE(last - 2)
    const offset = index.readUIntBE(at, 6)
    const length = index.readUInt32BE(at + 6)
    const bytes = readAtSync(fd, offset, length)
    if (bytes.length !== length || blockChecksum(bytes, nonce, offset) !== index.readUInt32BE(at + 10))
      throw damagedStore(`a block of ${this.#path()} is not as it was written`)
    this.cache?.set(name, bytes)
    return bytes
  }

  close(): void {
    if (this.#opened !== undefined) closeFileSync(this.#opened.fd)
    this.#opened = undefined
  }

  #open(): Opened {
    if (this.#opened !== undefined) return this.#opened
    let fd: number
    try {
      fd = openFileSync(filePlace(this.dir, this.writer, this.entry.number, 'table'), 'read')
    } catch (error) {
      if (errorCode(error) === 'ENOENT') throw new Unsettled(`${this.#path()} is missing`)
      throw error
    }
    try {
      return (this.#opened = this.#read(fd))
    } catch (error) {
      closeFileSync(fd)
      throw error
    }
  }

  #read(fd: number): Opened {
    const { bytes, checksum } = this.entry
    const owner = tableOwner(this.writer, this.entry.number)
    const footer =
      sizeOfSync(fd) === bytes
        ? readFooter(owner, readAtSync(fd, bytes - footerBytes, footerBytes), checksum)
        : undefined
    if (footer === undefined || footer.indexOffset + footer.indexBytes + footerBytes !== bytes)
      throw damagedStore(`${this.#path()} is not the file that the manifest counts`)
    const index = readAtSync(fd, footer.indexOffset, footer.indexBytes)
    if (crc32(index, footer.nonce) !== footer.indexChecksum)
      throw damagedStore(`the index of ${this.#path()} is not as it was written`)
    const entries: number[] = []
    for (let at = 0; at < index.length;) {
      entries.push(at)
      const last = lastAt(index, at)
      at = last + index.readUInt16BE(last - 2) + 14
    }
    return { fd, nonce: footer.nonce, stamp: footer.stamp, index, entries: Uint32Array.from(entries) }
  }

  #path(): string {
    return pathOf(filePlace(this.dir, this.writer, this.entry.number, 'table'))
  }
}

/** Where the last key of an entry begins. */
function lastAt(index: Buffer, entry: number): number {
  return entry + 2 + index.readUInt16BE(entry) + 2
}

class TableCursor implements Cursor {
  #block: number
  #rows: BlockCursor | undefined
  #key: Buffer | undefined

  constructor(
    private readonly table: Table,
    from: Uint8Array,
    private readonly to: Uint8Array,
  ) {
    this.#block = table.reaching(from)
    if (this.#block < table.blocks && compareBytes(table.first(this.#block), from) < 0) {
      this.#rows = table.rows(this.#block)
      this.#rows.reach(from)
    }
    this.#settle()
  }

  get key(): Buffer | undefined {
    return this.#key
  }

  get stamp(): number {
    return this.#row().stamp
  }

  value(): Buffer | null {
    return this.#row().value()
  }

  next(): void {
    const rows = this.#row()
    rows.next()
    if (rows.key === undefined) {
      this.#block++
      this.#rows = undefined
    }
    this.#settle()
  }

  /** A block is not read for its first key. */
  #settle(): void {
    const key =
      this.#rows !== undefined
        ? this.#rows.key
        : this.#block < this.table.blocks
          ? this.table.first(this.#block)
          : undefined
    this.#key = key !== undefined && compareBytes(key, this.to) < 0 ? key : undefined
  }

  #row(): BlockCursor {
    return (this.#rows ??= this.table.rows(this.#block))
  }
}
