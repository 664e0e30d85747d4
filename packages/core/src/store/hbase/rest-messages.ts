import { HoptraceError } from '../../base/errors.js'
import { varintBytes, writeVarint } from '../../base/varint.js'
import type { Row } from '../contract.js'

/*
 * The three messages of the REST gateway that a store needs (CellSetMessage.proto, CellMessage.proto, ScannerMessage.proto of
 * hbase-rest), by hand: against JSON they spare base64, and a generated codec would be larger than they are.
 *
 *   CellSet { repeated Row rows = 1 }   Row { bytes key = 1; repeated Cell values = 2 }   Cell { bytes column = 2; bytes data = 4 }
 *   Scanner { bytes startRow = 1; bytes endRow = 2; repeated bytes columns = 3; int32 batch = 4; int32 caching = 9 }
 */

/** Media type of these messages. */
export const protobufType = 'application/x-protobuf'

/** Bytes that a row adds to its key and value in a CellSet, at most. */
export const rowOverhead = 40

const lengthDelimited = 2

/** Rows with one cell each in `column`, as `family:qualifier`. */
export function encodeCellSet(rows: readonly Row[], column: Uint8Array): Buffer {
  let size = 0
  for (const { key, value } of rows) size += key.length + value.length + column.length + rowOverhead
  const writer = new Writer(size)
  for (const { key, value } of rows) {
    const cell = fieldSize(column.length) + fieldSize(value.length)
    const row = fieldSize(key.length) + fieldSize(cell)
    writer.header(1, row)
    writer.bytes(1, key)
    writer.header(2, cell)
    writer.bytes(2, column)
    writer.bytes(4, value)
  }
  return writer.done()
}

/** What a scanner is made with. */
export interface ScannerOrder {
  readonly from: Uint8Array
  readonly to: Uint8Array
  readonly column: Uint8Array
  /** Cells of one answer. */
  readonly batch: number
}

/** The message that makes a scanner over `[from, to)`. */
export function encodeScanner({ from, to, column, batch }: ScannerOrder): Buffer {
  const writer = new Writer(from.length + to.length + column.length + 40)
  writer.bytes(1, from)
  writer.bytes(2, to)
  writer.bytes(3, column)
  writer.varint((4 << 3) | 0)
  writer.varint(batch)
  writer.varint((9 << 3) | 0)
  writer.varint(batch)
  return writer.done()
}

/** The rows of a CellSet that have a cell in `column`. Throws `HOPTRACE_STORE_UNAVAILABLE` for what is none. */
export function decodeCellSet(message: Buffer, column: Uint8Array): Row[] {
  const rows: Row[] = []
  eachField(message, 1, (row) => {
    let key: Buffer | undefined
    let value: Buffer | undefined
    eachField(row, undefined, (part, field) => {
      if (field === 1) key = part
      if (field !== 2) return
      let name: Buffer | undefined
      let data: Buffer = Buffer.alloc(0)
      eachField(part, undefined, (bytes, of) => {
        if (of === 2) name = bytes
        if (of === 4) data = bytes
      })
      if (name?.equals(column) === true) value = data
    })
    if (key === undefined) throw damaged()
    if (value !== undefined) rows.push({ key, value })
  })
  return rows
}

/** Calls `use` for each length-delimited field (of one number, unless undefined); others are skipped. */
function eachField(
  message: Buffer,
  only: number | undefined,
  use: (bytes: Buffer, field: number) => void,
): void {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++]
      if (byte === undefined || shift > 2 ** 63) throw damaged()
      value += (byte & 0x7f) * shift
      if (byte < 0x80) return value
    }
  }
  while (at < message.length) {
    const tag = varint()
    const wire = tag & 7
    if (wire === lengthDelimited) {
      const length = varint()
      if (length > message.length - at) throw damaged()
      const field = Math.floor(tag / 8)
      if (only === undefined || field === only) use(message.subarray(at, at + length), field)
      at += length
    } else if (wire === 0) varint()
    else if (wire === 1) at += 8
    else if (wire === 5) at += 4
    else throw damaged()
  }
  if (at > message.length) throw damaged()
}

function damaged(): HoptraceError {
  return new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', 'the answer is no message of an HBase REST gateway')
}

function fieldSize(length: number): number {
  return 1 + varintBytes(length) + length
}

class Writer {
  private readonly buffer: Buffer
  private at = 0

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size)
  }

  header(field: number, length: number): void {
    this.varint((field << 3) | lengthDelimited)
    this.varint(length)
  }

  bytes(field: number, bytes: Uint8Array): void {
    this.header(field, bytes.length)
    this.buffer.set(bytes, this.at)
    this.at += bytes.length
  }

  varint(value: number): void {
    this.at = writeVarint(this.buffer, this.at, value)
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.at)
  }
}
