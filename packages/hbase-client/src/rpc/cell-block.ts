import { protocolError } from '../errors.js'

/** Kinds of cells: KeyValue.Type of HBase. */
export const cellType = { put: 4, delete: 8, deleteColumn: 12, deleteFamily: 14 } as const

/** "Now, by the server's clock": HConstants.LATEST_TIMESTAMP. */
export const latestTimestamp = 0x7fff_ffff_ffff_ffffn

/** One cell, as views of the received bytes. */
export interface Cell {
  readonly row: Buffer
  readonly family: Buffer
  readonly qualifier: Buffer
  /** Milliseconds since the Unix epoch, unless the writer chose another unit. */
  readonly timestamp: bigint
  readonly value: Buffer
}

/** A cell to write. */
export interface NewCell {
  readonly row: Buffer
  readonly family: Buffer
  readonly qualifier: Buffer
  readonly timestamp: bigint
  readonly type: number
  readonly value: Buffer
}

/** Bytes to send in pieces, to avoid copying large values. */
export interface CellBlock {
  readonly pieces: Buffer[]
  readonly bytes: number
}

/** Below this size, copying a value is cheaper than one more piece for the kernel. */
const copyBelowBytes = 4096
const fixedBytes = 4 + 8 + 2 + 1 + 8 + 1

/** Bytes of a cell in a cell block. */
export function cellBytes(cell: NewCell): number {
  return fixedBytes + cell.row.length + cell.family.length + cell.qualifier.length + cell.value.length
}

/** Cells in the format of HBase's KeyValueCodec: for each a 32-bit size and a KeyValue. */
export function encodeCells(cells: readonly NewCell[]): CellBlock {
  let bytes = 0
  let copied = 0
  for (const cell of cells) {
    const size = cellBytes(cell)
    bytes += size
    copied += cell.value.length < copyBelowBytes ? size : size - cell.value.length
  }
  const head = Buffer.allocUnsafe(copied)
  const pieces: Buffer[] = []
  let at = 0
  let from = 0
  for (const cell of cells) {
    at = writeKey(head, at, cell)
    if (cell.value.length < copyBelowBytes) {
      head.set(cell.value, at)
      at += cell.value.length
    } else {
      pieces.push(head.subarray(from, at), cell.value)
      from = at
    }
  }
  if (at > from) pieces.push(head.subarray(from, at))
  return { pieces, bytes }
}

function writeKey(into: Buffer, start: number, cell: NewCell): number {
  const { row, family, qualifier } = cell
  const keyBytes = 2 + row.length + 1 + family.length + qualifier.length + 9
  let at = into.writeUInt32BE(8 + keyBytes + cell.value.length, start)
  at = into.writeUInt32BE(keyBytes, at)
  at = into.writeUInt32BE(cell.value.length, at)
  at = into.writeUInt16BE(row.length, at)
  into.set(row, at)
  at = into.writeUInt8(family.length, at + row.length)
  into.set(family, at)
  into.set(qualifier, at + family.length)
  at = into.writeBigInt64BE(cell.timestamp, at + family.length + qualifier.length)
  return into.writeUInt8(cell.type, at)
}

/** The cells of a cell block, in order. Throws `PROTOCOL` if a length does not fit. */
export function decodeCells(block: Buffer): Cell[] {
  const cells: Cell[] = []
  let at = 0
  while (at < block.length) {
    const size = at + 4 <= block.length ? block.readUInt32BE(at) : -1
    const end = at + 4 + size
    if (size < fixedBytes - 4 || end > block.length)
      throw protocolError(`a cell of ${size} bytes does not fit its block`)
    cells.push(decodeCell(block, at + 4, end))
    at = end
  }
  return cells
}

function decodeCell(block: Buffer, start: number, end: number): Cell {
  const keyBytes = block.readUInt32BE(start)
  const valueBytes = block.readUInt32BE(start + 4)
  const rowAt = start + 10
  const keyEnd = start + 8 + keyBytes
  const familyAt = rowAt + block.readUInt16BE(start + 8) + 1
  const timestampAt = keyEnd - 9
  if (keyEnd + valueBytes > end || familyAt > timestampAt)
    throw protocolError('a cell with impossible lengths')
  const qualifierAt = familyAt + block.readUInt8(familyAt - 1)
  if (qualifierAt > timestampAt) throw protocolError('a cell with impossible lengths')
  return {
    row: block.subarray(rowAt, familyAt - 1),
    family: block.subarray(familyAt, qualifierAt),
    qualifier: block.subarray(qualifierAt, timestampAt),
    timestamp: block.readBigInt64BE(timestampAt),
    value: block.subarray(keyEnd, keyEnd + valueBytes),
  }
}
