import { afterVarints, type ByteReader, packedAt } from './bytes.js'
import type { DecodeBudget } from './budget.js'
import { badSegment } from '../record/damage.js'
import { maxValues } from './layout.js'
import { form, unzigzag } from './number-column.js'

/** The single values that are picked out of a column. When more are asked for, all of it is decoded. */
export const maxPicks = 2

/**
 * Reads a column: in order with `next` and `skip`, or by the places of values. It decodes only the values that it
 * is asked for (with steps also those before them), and passes over the rest.
 */
export class NumberReader {
  readonly length: number
  #at = 0
  readonly #budget: DecodeBudget
  /** In a column of one value: that value. */
  #only = 0
  #hasOne = true
  #isSteps = false
  #scale = 1
  /** The varints of the high parts. */
  readonly #high: ByteReader
  #highAt = 0
  /** The low parts: the bits of each, and 2 to the power of that. */
  readonly #low: Buffer
  #lowAt = 0
  #lowBits = 0
  #lowScale = 1
  /** The place of the value that is decoded next, the place of its varint, and with steps the value before. */
  #index = 0
  #varintAt = 0
  #before = 0
  #picks = 0
  #values: Float64Array | undefined

  /** Takes the column's header and passes over its bytes in both parts. */
  constructor(high: ByteReader, low: ByteReader, budget: DecodeBudget) {
    this.length = high.varint(maxValues)
    this.#high = high
    this.#low = low.bytes
    this.#budget = budget
    if (this.length > 0) this.#readHeader(high, low)
  }

  #readHeader(high: ByteReader, low: ByteReader): void {
    const bits = high.byte()
    if (bits === 0) {
      this.#only = high.varint()
      return
    }
    if (bits > 7 || (bits & form.split) === 0) throw badSegment('unknown form of a column')
    this.#hasOne = false
    this.#isSteps = (bits & form.steps) !== 0
    if ((bits & form.scaled) !== 0) this.#scale = high.varint()
    this.#lowBits = high.byte()
    if (this.#lowBits > 48) throw badSegment('a column is split where no number is')
    this.#lowScale = 2 ** this.#lowBits
    this.#highAt = this.#varintAt = high.passVarints(this.length)
    this.#lowAt = low.pass(Math.ceil((this.length * this.#lowBits) / 8))
  }

  /** The place of the next value. */
  get at(): number {
    return this.#at
  }

  /** The next value. */
  next(): number {
    if (this.#at >= this.length) throw badSegment('a column is too short')
    const index = this.#at++
    if (this.#hasOne) return this.#only
    if (index > this.#index) this.#pass(index - this.#index)
    return this.#read()
  }

  /** Passes over values. */
  skip(count: number): void {
    this.#at += count
  }

  /** The value at a place. */
  valueAt(index: number): number {
    if (index >= this.length) throw badSegment('a column is too short')
    if (this.#hasOne) return this.#only
    if (this.#values === undefined && this.#picks++ < maxPicks) {
      this.#rewind()
      this.#pass(index)
      return this.#read()
    }
    return this.all()[index] as number
  }

  /**
   * Takes the next value, and those after it until their sum is `least` or more, or none is left. Gives the sum. Not
   * for columns with steps, whose sum is no time.
   */
  nextSum(least: number): number {
    if (this.#at >= this.length) throw badSegment('a column is too short')
    let sum = 0
    if (this.#hasOne || this.#isSteps) {
      do sum += this.next()
      while (sum < least && this.#at < this.length)
    } else {
      if (this.#at > this.#index) this.#pass(this.#at - this.#index)
      sum = this.#add(this.length - this.#at, least)
      this.#at = this.#index
    }
    return checked(sum)
  }

  /** The sum of the first `count` values, which the column has. */
  sum(count: number): number {
    if (this.#hasOne) return count * this.#only
    this.#rewind()
    if (count === 0) return 0
    if (!this.#isSteps) return checked(this.#add(count, Infinity))
    let sum = 0
    for (let i = 0; i < count; i++) sum += this.#read()
    return checked(sum)
  }

  /** All values. They are kept. */
  all(): Float64Array {
    if (this.#values !== undefined) return this.#values
    this.#budget.numbers(this.length)
    const values = new Float64Array(this.length)
    this.#rewind()
    if (this.#hasOne) values.fill(this.#only)
    else for (let i = 0; i < values.length; i++) values[i] = this.#read()
    return (this.#values = values)
  }

  #rewind(): void {
    this.#index = 0
    this.#varintAt = this.#highAt
    this.#before = 0
  }

  /** Decodes the value at `#index`. */
  #read(): number {
    const part = this.#add(1, Infinity)
    return checked(this.#isSteps ? (this.#before += part) : part)
  }

  /** Passes over values, which the column has. */
  #pass(count: number): void {
    if (count === 0) return
    if (this.#isSteps) this.#before += this.#add(count, Infinity)
    else {
      this.#index += count
      this.#varintAt = afterVarints(this.#high.view, this.#varintAt, count)
    }
  }

  /**
   * Decodes up to `count` values from `#index` on, one at least, which the column has, until the sum is `least` or
   * more. Gives the sum of the values, or of the steps between them.
   */
  #add(count: number, least: number): number {
    const { bytes } = this.#high
    const low = this.#low
    const lowAt = this.#lowAt
    const lowBits = this.#lowBits
    const lowScale = this.#lowScale
    const scale = this.#scale
    const isSteps = this.#isSteps
    let index = this.#index
    const end = index + count
    let at = this.#varintAt
    let sum = 0
    do {
      let byte = bytes[at++] as number
      let value = byte & 127
      for (let place = 128; byte > 127; place *= 128) {
        byte = bytes[at++] as number
        value += (byte & 127) * place
      }
      if (lowBits > 0) value = value * lowScale + packedAt(low, lowAt, index * lowBits, lowBits)
      value *= scale
      sum += isSteps ? unzigzag(value) : value
      index++
    } while (index < end && sum < least)
    this.#index = index
    this.#varintAt = at
    return sum
  }
}

function checked(value: number): number {
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) throw badSegment('a number is out of bounds')
  return value
}
