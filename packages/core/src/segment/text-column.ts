import type { DecodeBudget } from './budget.js'
import type { ByteReader, ByteWriter } from './bytes.js'
import { badSegment } from '../record/damage.js'
import { maxUnpackedBytes, maxValues } from './layout.js'
import { NumberColumn, writeNumbers } from './number-column.js'
import { NumberReader } from './number-reader.js'

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

/** Gives a text by its number. */
type TextAt = (index: number) => string

/** Reads texts that `writePlain` wrote; nothing is decoded before the first is asked for. */
export function readPlain(count: number, high: ByteReader, low: ByteReader, budget: DecodeBudget): TextAt {
  const prefix = readText(high)
  const body = high.byte()
  const numbers = new NumberReader(high, low, budget)
  if (numbers.length !== count) throw badSegment('a column of texts has another length')
  if (body === bodyForm.decimal) return (index) => prefix + String(numbers.valueAt(index))
  if (body === bodyForm.hex) {
    let digits = 0
    budget.numbers(count)
    for (let i = 0; i < count; i++) digits += numbers.valueAt(i)
    const bytes = low.take(Math.ceil(digits / 2))
    return slices(() => bytes.toString('hex'), prefix, numbers, budget)
  }
  if (body > bodyForm.hex) throw badSegment('unknown form of texts')
  const bytes = high.take(high.varint(maxUnpackedBytes))
  return slices(() => bytes.toString(body === bodyForm.utf8 ? 'utf8' : 'utf16le'), prefix, numbers, budget)
}

function slices(join: () => string, prefix: string, lengths: NumberReader, budget: DecodeBudget): TextAt {
  let joined: string | undefined
  let ends: Float64Array | undefined
  return (index) => {
    joined ??= join()
    if (ends === undefined) {
      budget.numbers(lengths.length)
      ends = endsOf(lengths, joined.length)
    }
    const end = ends[index]
    if (end === undefined) throw badSegment('a column of texts is too short')
    return prefix + joined.slice(ends[index - 1] ?? 0, end)
  }
}

function endsOf(lengths: NumberReader, length: number): Float64Array {
  const ends = new Float64Array(lengths.length)
  let end = 0
  for (let i = 0; i < ends.length; i++) ends[i] = end += lengths.valueAt(i)
  if (end > length) throw badSegment('a text ends too early')
  return ends
}

/** Reads a column of texts in order. */
export class TextReader {
  readonly length: number
  at = 0
  readonly #textAt: TextAt
  readonly #indices: NumberReader | undefined

  /** Takes the column's header and skips its bytes in both parts. */
  constructor(high: ByteReader, low: ByteReader, budget: DecodeBudget) {
    this.length = high.varint(maxValues)
    const form = this.length === 0 ? columnForm.plain : high.byte()
    if (form > columnForm.dictionary) throw badSegment('unknown form of a column of texts')
    if (form === columnForm.plain) {
      this.#textAt = this.length === 0 ? none : readPlain(this.length, high, low, budget)
      return
    }
    this.#textAt = readPlain(high.varint(this.length), high, low, budget)
    this.#indices = new NumberReader(high, low, budget)
    if (this.#indices.length !== this.length) throw badSegment('a column of texts has another length')
  }

  /** The next text. */
  next(): string {
    const index = this.at++
    return this.#textAt(this.#indices === undefined ? index : this.#indices.valueAt(index))
  }

  /** Passes over texts. */
  skip(count: number): void {
    this.at += count
  }
}

const none: TextAt = () => {
  throw badSegment('a column of texts is too short')
}
