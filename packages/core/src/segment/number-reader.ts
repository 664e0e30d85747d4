import type { ByteReader } from './bytes.js'
import { addPacked } from './bytes.js'
import type { DecodeBudget } from './budget.js'
import { badSegment } from '../record/damage.js'
import { maxValues } from './layout.js'
import { form, unzigzag } from './number-column.js'

/** Gives a value by its place; the place is within the column. */
type ValueAt = (index: number) => number

/** Reads a column in order; its values are decoded when the first is asked for. */
export class NumberReader {
  readonly length: number
  at = 0
  readonly #valueAt: ValueAt

  /** Takes the column's header and skips its bytes in both parts. */
  constructor(high: ByteReader, low: ByteReader, budget: DecodeBudget) {
    this.length = high.varint(maxValues)
    this.#valueAt = this.length === 0 ? () => 0 : readColumn(this.length, high, low, budget)
  }

  /** The next value. */
  next(): number {
    return this.valueAt(this.at++)
  }

  /** The value at a place. */
  valueAt(index: number): number {
    if (index >= this.length) throw badSegment('a column is too short')
    return this.#valueAt(index)
  }

  /** Passes over values. */
  skip(count: number): void {
    this.at += count
  }
}

function readColumn(count: number, high: ByteReader, low: ByteReader, budget: DecodeBudget): ValueAt {
  const bits = high.byte()
  if (bits === 0) {
    const value = high.varint()
    return () => value
  }
  if (bits > 7 || (bits & form.split) === 0) throw badSegment('unknown form of a column')
  const scale = (bits & form.scaled) === 0 ? 1 : high.varint()
  const lowBits = high.byte()
  if (lowBits > 48) throw badSegment('a column is split where no number is')
  const start = high.at
  skipVarints(high, count)
  const highs = high.bytes.subarray(start, high.at)
  const lows = low.take(Math.ceil((count * lowBits) / 8))
  const steps = (bits & form.steps) !== 0
  let values: Float64Array | undefined
  let single = 0
  return (index) => {
    // A look-up wants one value of most columns: that one is picked out, the column is decoded when more are asked for.
    if (values === undefined && !steps && single++ < 2)
      return checked(picked(highs, lows, index, lowBits) * scale)
    if (values === undefined) {
      budget.numbers(count)
      values = decoded(highs, lows, count, { lowBits, scale, steps })
    }
    return values[index] as number
  }
}

function decoded(
  highs: Uint8Array,
  lows: Uint8Array,
  count: number,
  split: { readonly lowBits: number; readonly scale: number; readonly steps: boolean },
): Float64Array {
  const values = readVarints(highs, count)
  const { lowBits, scale, steps } = split
  if (lowBits > 0) addPacked(lows, values, lowBits)
  let before = 0
  for (let i = 0; i < count; i++) {
    const value = (values[i] as number) * scale
    values[i] = before = checked(steps ? before + unzigzag(value) : value)
  }
  return values
}

/** One value, before it is scaled. */
function picked(highs: Uint8Array, lows: Uint8Array, index: number, lowBits: number): number {
  let at = 0
  for (let left = index; left > 0; at++) if ((highs[at] as number) < 128) left--
  const high = readVarints(highs.subarray(at), 1)
  if (lowBits === 0) return high[0] as number
  const bit = index * lowBits
  return (high[0] as number) * 2 ** lowBits + packedAt(lows, bit, lowBits)
}

function packedAt(bytes: Uint8Array, bit: number, bits: number): number {
  let value = 0
  for (let i = 0, from = bit; i < bits;) {
    const taken = Math.min(8 - (from % 8), bits - i)
    const part = ((bytes[from >> 3] as number) >> (from % 8)) & ((1 << taken) - 1)
    value += part * 2 ** i
    i += taken
    from += taken
  }
  return value
}

function skipVarints(reader: ByteReader, count: number): void {
  const { bytes } = reader
  let at = reader.at
  let left = count
  while (left > 0) {
    const byte = bytes[at++]
    if (byte === undefined) throw badSegment('it ends too early')
    if (byte < 128) left--
  }
  reader.at = at
}

function readVarints(bytes: Uint8Array, count: number): Float64Array {
  const values = new Float64Array(count)
  let at = 0
  for (let i = 0; i < count; i++) {
    let byte = bytes[at++] as number
    let value = byte & 127
    let scale = 128
    while (byte > 127) {
      byte = bytes[at++] as number
      value += (byte & 127) * scale
      scale *= 128
    }
    values[i] = value
  }
  return values
}

function checked(value: number): number {
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) throw badSegment('a number is out of bounds')
  return value
}
