import { brotliCompressSync, constants } from 'node:zlib'
import type { HopRecord, InstanceRef } from '../record/record.js'
import { ByteWriter } from './bytes.js'
import { seal, writeHead } from './head.js'
import {
  maxRecords,
  maxSegmentBytes,
  maxShapeBytes,
  maxTextUnits,
  maxUnpackedBytes,
  maxValues,
  numberColumns,
  textColumns,
  columnType,
} from './layout.js'
import { writeNumbers } from './number-column.js'
import { RecordWriter } from './record-writer.js'
import type { ValueColumn } from './shape-trie.js'
import { writeFloats } from './float-column.js'
import { writePlain, writeTexts } from './text-column.js'

/** Whose records a segment holds. */
export interface SegmentMeta {
  readonly service: string
  readonly instance: InstanceRef
}

/** Columns that may rise or repeat, so that steps from value to value are tried. */
const steady = new Set<string>(['traceStep', 'startOwn'])

/**
 * One segment of records in id order (equal ids may follow each other). Throws `TypeError` for records out of order,
 * without a well-formed id, or more than 26 days apart, and `RangeError` when a segment cannot hold as much.
 */
export function encodeSegment(meta: SegmentMeta, records: readonly HopRecord[]): Uint8Array {
  const first = records[0]
  const last = records[records.length - 1]
  if (first === undefined || last === undefined) throw new TypeError('a segment holds at least one record')
  if (records.length > maxRecords) throw new RangeError(`a segment holds at most ${maxRecords} records`)
  const writer = new RecordWriter(meta.service, meta.instance)
  for (const record of records) writer.add(record)
  if (writer.values > maxValues) throw new RangeError(`a segment holds at most ${maxValues} values`)
  let named = 0
  for (const text of writer.strings.keys()) named += text.length
  if (writer.units > maxTextUnits || named > maxTextUnits)
    throw new RangeError(`a segment holds at most ${maxTextUnits} characters`)
  const high = new ByteWriter(1 << 15)
  const low = new ByteWriter(1 << 15)
  writeColumns(writer, high, low)
  if (high.length > maxUnpackedBytes) throw new RangeError('a segment unfolds to at most 64 MiB')
  const packed = compress(high.view())
  const head = writeHead({ minId: first.hopId, maxId: last.hopId, count: records.length, ...meta })
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32BE(high.length, 0)
  sizes.writeUInt32BE(packed.length, 4)
  const segment = Buffer.concat([head, sizes, packed, low.view()])
  if (segment.length > maxSegmentBytes) throw new RangeError('a segment has at most 8 MiB')
  seal(segment)
  return segment
}

/** Throws `RangeError` when the shapes are larger than a reader takes. */
function writeShapes(writer: RecordWriter, high: ByteWriter): void {
  high.varint(writer.shapes.length)
  const start = high.length
  for (const shape of writer.shapes) {
    const symbols = new ByteWriter(64)
    for (const symbol of shape.symbols()) symbols.varint(symbol)
    high.varint(symbols.length)
    high.bytes(symbols.view())
  }
  if (high.length - start > maxShapeBytes) throw new RangeError('the shapes of a segment have at most 8 MiB')
}

function writeColumns(writer: RecordWriter, high: ByteWriter, low: ByteWriter): void {
  high.varint(writer.strings.size)
  if (writer.strings.size > 0) writePlain([...writer.strings.keys()], high, low)
  high.varint(writer.tails.size)
  const tails = Buffer.alloc(writer.tails.size * 8)
  writer.tails.words.forEach((word, i) => tails.writeUInt32BE(word, i * 4))
  high.bytes(tails)
  writeShapes(writer, high)
  for (const name of numberColumns) writeNumbers(writer.numbers[name], high, low, steady.has(name))
  for (const name of textColumns) writeTexts(writer.texts[name], high, low)
  for (const column of writer.valueColumns) writeValues(column, high, low)
}

function writeValues(column: ValueColumn, high: ByteWriter, low: ByteWriter): void {
  if (column.type === columnType.text) writeTexts(column.texts, high, low)
  else if (column.type === columnType.integer) writeNumbers(column.numbers, high, low, true)
  else writeFloats(column.numbers, high)
}

function compress(bytes: Buffer): Buffer {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 5,
      [constants.BROTLI_PARAM_LGWIN]: 18,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
}
