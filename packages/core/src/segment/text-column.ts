import type { DecodeBudget } from './budget.js'
import type { ByteReader, ByteWriter } from './bytes.js'
import { badSegment } from '../record/damage.js'
import { maxUnpackedBytes, maxValues } from './layout.js'
import { NumberColumn, writeNumbers } from './number-column.js'
import { maxPicks, NumberReader } from './number-reader.js'

/** First byte of a column: the texts themselves, or indices into a dictionary that precedes them. */
const columnForm = { plain: 0, dictionary: 1 } as const

/** How the texts without their common prefix are written. */
const bodyForm = { utf8: 0, utf16: 1, hex: 2, decimal: 3 } as const

const decimalPattern = /^(?:0|[1-9][0-9]{0,14})$/
const hexPattern = /^[0-9a-f]*$/
/** Half of a surrogate pair without the other: UTF-8 has no form for it. */
const loneSurrogate = /\p{Surrogate}/u

/**
 * Writes a column of texts: as indices of a dictionary where half of them or more repeat; else without their
 * common prefix, as numbers (`orderId-1001`), packed hex digits (random ids) or UTF-8 (UTF-16 where a lone
 * surrogate would be lost).
 */
export function writeTexts(texts: readonly string[], high: ByteWriter, low: ByteWriter): void {
  high.varint(texts.length)
  if (texts.length === 0) return
  const dictionary = dictionaryOf(texts)
  if (dictionary === undefined) {
    high.byte(columnForm.plain)
    writePlain(texts, high, low)
    return
  }
  high.byte(columnForm.dictionary)
  high.varint(dictionary.entries.length)
  writePlain(dictionary.entries, high, low)
  writeNumbers(dictionary.indices, high, low)
}

function dictionaryOf(texts: readonly string[]): { entries: string[]; indices: NumberColumn } | undefined {
  const most = texts.length / 2
  const known = new Map<string, number>()
  const indices = new NumberColumn()
  for (const text of texts) {
    let index = known.get(text)
    if (index === undefined) {
      index = known.size
      if (index >= most) return undefined
      known.set(text, index)
    }
    indices.push(index)
  }
  return { entries: [...known.keys()], indices }
}

/** Writes texts whose number the reader knows. */
export function writePlain(texts: readonly string[], high: ByteWriter, low: ByteWriter): void {
  const prefix = commonPrefix(texts)
  const rest = prefix === '' ? texts : texts.map((text) => text.slice(prefix.length))
  writeText(prefix, high)
  if (rest.every((text) => decimalPattern.test(text))) {
    high.byte(bodyForm.decimal)
    const numbers = new NumberColumn()
    for (const text of rest) numbers.push(Number(text))
    writeNumbers(numbers, high, low, true)
    return
  }
  const joined = rest.join('')
  const lengths = new NumberColumn()
  for (const text of rest) lengths.push(text.length)
  if (joined.length % 2 === 0 && hexPattern.test(joined)) {
    high.byte(bodyForm.hex)
    writeNumbers(lengths, high, low)
    low.bytes(Buffer.from(joined, 'hex'))
    return
  }
  const wellFormed = !loneSurrogate.test(joined)
  high.byte(wellFormed ? bodyForm.utf8 : bodyForm.utf16)
  writeNumbers(lengths, high, low)
  const bytes = Buffer.from(joined, wellFormed ? 'utf8' : 'utf16le')
  high.varint(bytes.length)
  high.bytes(bytes)
}

function commonPrefix(texts: readonly string[]): string {
  let prefix = texts[0] ?? ''
  if (texts.length < 2) return ''
  for (const text of texts) {
    if (prefix === '') break
    let length = Math.min(prefix.length, text.length)
    if (text.startsWith(prefix)) continue
    while (!text.startsWith(prefix.slice(0, length))) length--
    prefix = prefix.slice(0, length)
  }
  return prefix
}

function writeText(text: string, high: ByteWriter): void {
  const wellFormed = !loneSurrogate.test(text)
  const bytes = Buffer.from(text, wellFormed ? 'utf8' : 'utf16le')
  high.varint(bytes.length * 2 + (wellFormed ? 0 : 1))
  high.bytes(bytes)
}

function readText(high: ByteReader): string {
  const length = high.varint(maxUnpackedBytes)
  return high.take(Math.floor(length / 2)).toString(length % 2 === 0 ? 'utf8' : 'utf16le')
}

/** Texts that `writePlain` wrote, by their numbers. Nothing is decoded before the first is asked for. */
export class PlainTexts {
  readonly #prefix: string
  readonly #body: number
  /** Of each text its length, or in decimal form itself. */
  readonly #numbers: NumberReader
  readonly #bytes: Buffer
  readonly #budget: DecodeBudget
  #picks = 0
  #joined = ''
  #ends: Float64Array | undefined

  /** Takes the header of `count` texts and passes over their bytes in both parts. */
  constructor(count: number, high: ByteReader, low: ByteReader, budget: DecodeBudget) {
    this.#budget = budget
    this.#prefix = readText(high)
    this.#body = high.byte()
    this.#numbers = new NumberReader(high, low, budget)
    if (this.#numbers.length !== count) throw badSegment('a column of texts has another length')
    if (this.#body > bodyForm.decimal) throw badSegment('unknown form of texts')
    if (this.#body === bodyForm.hex) {
      budget.numbers(count)
      this.#bytes = low.take(Math.ceil(this.#numbers.sum(count) / 2))
    } else this.#bytes = high.take(this.#body === bodyForm.decimal ? 0 : high.varint(maxUnpackedBytes))
  }

  at(index: number): string {
    if (this.#body === bodyForm.decimal) return this.#prefix + String(this.#numbers.valueAt(index))
    if (this.#ends === undefined && this.#picks++ < maxPicks) {
      const start = this.#numbers.sum(index)
      const picked = this.#slice(start, start + this.#numbers.valueAt(index))
      if (picked !== undefined) return this.#prefix + picked
    }
    this.#ends ??= this.#decode()
    const end = this.#ends[index]
    if (end === undefined) throw badSegment('a column of texts is too short')
    return this.#prefix + this.#joined.slice(this.#ends[index - 1] ?? 0, end)
  }

  /** A part of the joined texts; undefined if only all of them together say where it is, or if it is not there. */
  #slice(start: number, end: number): string | undefined {
    const bytes = this.#bytes
    if (this.#body === bodyForm.utf16)
      return end * 2 > bytes.length ? undefined : bytes.toString('utf16le', start * 2, end * 2)
    if (this.#body === bodyForm.hex) {
      if (end > bytes.length * 2) return undefined
      return bytes.toString('hex', start >> 1, (end + 1) >> 1).slice(start & 1, (start & 1) + end - start)
    }
    if (end > bytes.length) return undefined
    for (let i = 0; i < end; i++) if ((bytes[i] as number) > 127) return undefined
    return bytes.toString('latin1', start, end)
  }

  /** Joins the texts, and gives the end of each one. */
  #decode(): Float64Array {
    const encoding = this.#body === bodyForm.hex ? 'hex' : this.#body === bodyForm.utf16 ? 'utf16le' : 'utf8'
    this.#joined = this.#bytes.toString(encoding)
    this.#budget.numbers(this.#numbers.length)
    const ends = this.#numbers.all().slice()
    let end = 0
    for (let i = 0; i < ends.length; i++) ends[i] = end += ends[i] as number
    if (end > this.#joined.length) throw badSegment('a text ends too early')
    return ends
  }
}

/** Reads a column of texts in order. */
export class TextReader {
  readonly length: number
  #at = 0
  readonly #texts: PlainTexts | undefined
  /** Of each value the number of its text, if these are a dictionary. */
  readonly #indices: NumberReader | undefined

  /** Takes the column's header and passes over its bytes in both parts. */
  constructor(high: ByteReader, low: ByteReader, budget: DecodeBudget) {
    this.length = high.varint(maxValues)
    if (this.length === 0) return
    const form = high.byte()
    if (form > columnForm.dictionary) throw badSegment('unknown form of a column of texts')
    const count = form === columnForm.plain ? this.length : high.varint(this.length)
    this.#texts = new PlainTexts(count, high, low, budget)
    if (form === columnForm.plain) return
    this.#indices = new NumberReader(high, low, budget)
    if (this.#indices.length !== this.length) throw badSegment('a column of texts has another length')
  }

  /** The next text. */
  next(): string {
    if (this.#texts === undefined) throw badSegment('a column of texts is too short')
    return this.#texts.at(this.#indices === undefined ? this.#at++ : this.#indices.next())
  }

  /** Passes over texts. */
  skip(count: number): void {
    this.#at += count
    this.#indices?.skip(count)
  }
}
