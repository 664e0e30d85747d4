import { brotliDecompressSync } from 'node:zlib'
import { DecodeBudget } from './budget.js'
import { ByteReader } from './bytes.js'
import { badSegment } from '../record/damage.js'
import { FloatReader } from './float-column.js'
import type { OpenedSegment, SegmentHead } from './head.js'
import type { NumberColumnName, TextColumnName } from './layout.js'
import {
  maxShapeBytes,
  maxUnpackedBytes,
  maxValues,
  numberColumns,
  textColumns,
  columnType,
} from './layout.js'
import { NumberReader } from './number-reader.js'
import type { HopTemplate } from './template.js'
import { ValueColumns, readTemplate } from './template.js'
import { Strings } from './strings.js'
import { TextReader } from './text-column.js'
import type { Words } from './words.js'

export type ValueReader = NumberReader | TextReader | FloatReader

/** A segment's dictionaries and columns, unpacked but not yet decoded. */
export class SegmentReader {
  readonly head: SegmentHead
  readonly budget = new DecodeBudget()
  readonly tails: readonly { readonly high: number; readonly low: number }[]
  readonly templates: readonly HopTemplate[]
  readonly numbers: Readonly<Record<NumberColumnName, NumberReader>>
  readonly texts: Readonly<Record<TextColumnName, TextReader>>
  readonly values: readonly ValueReader[]
  /** The id of the record that `nextId` went to last. */
  readonly time: Words

  /**
   * Unpacks, and reads all headers of columns. Rejects damage with `HOPTRACE_BAD_SEGMENT`.
   */
  constructor({ head, end, bytes }: OpenedSegment) {
    this.head = head
    this.time = {
      high: parseInt(head.minId.slice(0, 8), 16),
      low: parseInt(head.minId.slice(8, 16), 16),
      tailHigh: 0,
      tailLow: 0,
    }
    const { high, low } = unpack(bytes, end)
    const { budget } = this
    const strings = new Strings(high, low, budget)
    const tails = high.take(high.varint(maxValues) * 8)
    this.tails = Array.from({ length: tails.length / 8 }, (_, i) => ({
      high: tails.readUInt32BE(i * 8),
      low: tails.readUInt32BE(i * 8 + 4),
    }))
    const columns = new ValueColumns()
    this.templates = readTemplates(high, head.count, strings, columns)
    this.numbers = Object.fromEntries(
      numberColumns.map((name) => [name, new NumberReader(high, low, budget)]),
    ) as Record<NumberColumnName, NumberReader>
    this.texts = Object.fromEntries(
      textColumns.map((name) => [name, new TextReader(high, low, budget)]),
    ) as Record<TextColumnName, TextReader>
    this.values = columns.types.map((type) =>
      type === columnType.text
        ? new TextReader(high, low, budget)
        : type === columnType.integer
          ? new NumberReader(high, low, budget)
          : new FloatReader(high),
    )
    if (this.numbers.shape.length !== head.count || this.numbers.idStep.length !== head.count) {
      throw badSegment('its head counts other records')
    }
  }

  /** Goes to the id of the next record: `time`. */
  nextId(): void {
    const tail = this.tail(this.nextTime())
    this.time.tailHigh = tail.high
    this.time.tailLow = tail.low
  }

  /** Goes to the time of the next record's id, and gives the number of its tail. */
  nextTime(): number {
    const { time } = this
    let low = time.low + this.numbers.idStep.next()
    if (low > 0xffff_ffff) {
      time.high += Math.floor(low / 4_294_967_296)
      low %= 4_294_967_296
      if (time.high > 0xffff_ffff) throw badSegment('an id is out of bounds')
    }
    time.low = low
    return this.numbers.idTail.next()
  }

  /** A tail by its number. */
  tail(number: number): { readonly high: number; readonly low: number } {
    const tail = this.tails[number]
    if (tail === undefined) throw badSegment('an id has an unknown tail')
    return tail
  }

  /** The template of the next record. */
  template(): HopTemplate {
    const template = this.templates[this.numbers.shape.next()]
    if (template === undefined) throw badSegment('a record has an unknown shape')
    return template
  }
}

/** More than what most segments unpack to. */
const maxPieceBytes = 1 << 18

function unpack(bytes: Buffer, end: number): { high: ByteReader; low: ByteReader } {
  if (end + 8 > bytes.length) throw badSegment('it ends too early')
  const unpackedLength = bytes.readUInt32BE(end)
  const packedEnd = end + 8 + bytes.readUInt32BE(end + 4)
  if (unpackedLength > maxUnpackedBytes || packedEnd > bytes.length) throw badSegment('its parts do not fit')
  let unpacked: Buffer
  try {
    unpacked = brotliDecompressSync(bytes.subarray(end + 8, packedEnd), {
      maxOutputLength: Math.max(1, unpackedLength),
      // In one piece, with room to spare: a full piece makes Node ask for another.
      chunkSize: Math.min(unpackedLength, maxPieceBytes) + 64,
    })
  } catch (cause) {
    throw badSegment('it does not unpack', cause)
  }
  if (unpacked.length !== unpackedLength) throw badSegment('it unpacks to another length')
  return { high: new ByteReader(unpacked), low: new ByteReader(bytes.subarray(packedEnd)) }
}

function readTemplates(
  high: ByteReader,
  most: number,
  strings: Strings,
  columns: ValueColumns,
): HopTemplate[] {
  let bytes = 0
  let size = 0
  return Array.from({ length: high.varint(most) }, () => {
    const symbols = high.take(high.varint(maxShapeBytes))
    bytes += symbols.length
    if (bytes > maxShapeBytes) throw badSegment('its shapes are too large')
    const template = readTemplate(new ByteReader(symbols), strings, columns)
    size += template.size
    if (size > maxValues) throw badSegment('it holds too much')
    return template
  })
}
