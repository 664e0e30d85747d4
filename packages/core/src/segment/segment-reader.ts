import { brotliDecompressSync } from 'node:zlib'
import { DecodeBudget } from './budget.js'
import { ByteReader } from './bytes.js'
import { badSegment } from '../record/damage.js'
import { FloatReader } from './float-column.js'
import type { OpenedSegment, SegmentHead } from './head.js'
import type { NumberColumnName, TextColumnName } from './layout.js'
import {
  maxNanosDifference,
  maxUnpackedBytes,
  maxValues,
  numberColumns,
  textColumns,
  columnType,
} from './layout.js'
import { NumberReader } from './number-reader.js'
import { Shapes } from './shapes.js'
import type { HopTemplate } from './template.js'
import { Strings } from './strings.js'
import { TextReader } from './text-column.js'
import type { Words } from './words.js'

export type ValueReader = NumberReader | TextReader | FloatReader

/** A segment's dictionaries and columns, unpacked but not yet decoded. */
export class SegmentReader {
  readonly head: SegmentHead
  readonly budget = new DecodeBudget()
  readonly strings: Strings
  readonly shapes: Shapes
  readonly numbers: Readonly<Record<NumberColumnName, NumberReader>>
  readonly texts: Readonly<Record<TextColumnName, TextReader>>
  /** The id of the record that `nextTime` and `takeTail` went to last. */
  readonly time: Words
  readonly #high: ByteReader
  readonly #low: ByteReader
  readonly #tails: Buffer
  #values: readonly ValueReader[] | undefined

  /** Unpacks, and reads the headers of the columns that every segment has. Rejects damage with `HOPTRACE_BAD_SEGMENT`. */
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
    this.strings = new Strings(high, low, budget)
    this.#tails = high.take(high.varint(maxValues) * 8)
    this.shapes = new Shapes(high, head.count)
    const numbers = {} as Record<NumberColumnName, NumberReader>
    for (const name of numberColumns) numbers[name] = new NumberReader(high, low, budget)
    this.numbers = numbers
    const texts = {} as Record<TextColumnName, TextReader>
    for (const name of textColumns) texts[name] = new TextReader(high, low, budget)
    this.texts = texts
    this.#high = high
    this.#low = low
    if (numbers.shape.length !== head.count || numbers.idStep.length !== head.count) {
      throw badSegment('its head counts other records')
    }
  }

  /** The value columns, at their numbers. The first call reads all shapes, which say what they are. */
  get values(): readonly ValueReader[] {
    if (this.#values !== undefined) return this.#values
    const high = this.#high
    const low = this.#low
    return (this.#values = this.shapes
      .columnTypes()
      .map((type) =>
        type === columnType.text
          ? new TextReader(high, low, this.budget)
          : type === columnType.integer
            ? new NumberReader(high, low, this.budget)
            : new FloatReader(high),
      ))
  }

  /** Goes to the time of the next record's id: `time`, but for the tail. */
  nextTime(): void {
    this.#move(this.numbers.idStep.next())
  }

  /**
   * Goes to the time of the next record, and on to the first one that is not before `wanted`, or to the last record.
   * It may stop earlier where records are weeks apart.
   */
  nextTimeFrom(wanted: Words): void {
    const left = (wanted.high - this.time.high) * 4_294_967_296 + (wanted.low - this.time.low)
    this.#move(this.numbers.idStep.nextSum(Math.min(left, maxNanosDifference)))
  }

  /** Moves `time` by nanoseconds. */
  #move(nanos: number): void {
    const { time } = this
    let low = time.low + nanos
    if (low > 0xffff_ffff) {
      time.high += Math.floor(low / 4_294_967_296)
      low %= 4_294_967_296
      if (time.high > 0xffff_ffff) throw badSegment('an id is out of bounds')
    }
    time.low = low
  }

  /** Goes to the tail of the next record's id. */
  nextTail(): void {
    const number = this.numbers.idTail.next()
    this.time.tailHigh = this.tailHigh(number)
    this.time.tailLow = this.tailLow(number)
  }

  /** The first word of a tail. */
  tailHigh(number: number): number {
    if ((number + 1) * 8 > this.#tails.length) throw badSegment('an id has an unknown tail')
    return this.#tails.readUInt32BE(number * 8)
  }

  /** The second word of a tail. */
  tailLow(number: number): number {
    if ((number + 1) * 8 > this.#tails.length) throw badSegment('an id has an unknown tail')
    return this.#tails.readUInt32BE(number * 8 + 4)
  }

  /** The template of the next record. */
  nextTemplate(): HopTemplate {
    return this.shapes.template(this.numbers.shape.next())
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
  return { high: new ByteReader(unpacked), low: new ByteReader(bytes, packedEnd) }
}
