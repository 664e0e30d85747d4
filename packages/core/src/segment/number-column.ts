import type { ByteWriter } from './bytes.js'

/** Bits of a column's form byte; 0 is a column of one value. */
export const form = { split: 1, steps: 2, scaled: 4 } as const

/** Signed to unsigned, small values first: 0, -1, 1, -2, … */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

/** The other way. */
export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** Collects non-negative safe integers. */
export class NumberColumn {
  values = new Float64Array(64)
  length = 0

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Float64Array(this.length * 2)
      grown.set(this.values)
      this.values = grown
    }
    this.values[this.length++] = value
  }
}

/**
 * Writes a column. A value is split: its low bits are noise that no compressor shortens and go, packed, to `low`; what is above
 * them is skewed and goes, as varints, to `high`, which is compressed. Where the split is follows from the median.
 * `mayStep`: the column may rise steadily, so steps are tried.
 */
export function writeNumbers(column: NumberColumn, high: ByteWriter, low: ByteWriter, mayStep = false): void {
  let values: Float64Array = column.values
  const count = column.length
  high.varint(count)
  if (count === 0) return
  const first = values[0] as number
  if (isConstant(values, count)) {
    high.byte(0)
    high.varint(first)
    return
  }
  let bits: number = form.split
  if (mayStep) {
    const steps = stepsOf(values, count)
    if (steps !== undefined && medianBits(steps, count) + 1 < medianBits(values, count)) {
      bits |= form.steps
      values = steps
    }
  }
  const scale = divisor(values, count)
  if (scale > 1) {
    bits |= form.scaled
    values = values.map((value) => value / scale)
  }
  high.byte(bits)
  if (scale > 1) high.varint(scale)
  const lowBits = Math.min(48, Math.max(0, medianBits(values, count) - 4))
  high.byte(lowBits)
  const divided = 2 ** lowBits
  for (let i = 0; i < count; i++) high.varint(Math.floor((values[i] as number) / divided))
  if (lowBits > 0) low.packed(values, count, lowBits)
}

function isConstant(values: Float64Array, count: number): boolean {
  const first = values[0]
  for (let i = 1; i < count; i++) if (values[i] !== first) return false
  return true
}

function stepsOf(values: Float64Array, count: number): Float64Array | undefined {
  const steps = new Float64Array(count)
  let before = 0
  for (let i = 0; i < count; i++) {
    const value = values[i] as number
    if (value > 2 ** 51) return undefined
    steps[i] = zigzag(value - before)
    before = value
  }
  return steps
}

/** What all values are multiples of: clocks with microseconds make ids that end in three zeros. */
function divisor(values: Float64Array, count: number): number {
  let common = 0
  for (let i = 0; i < count && common !== 1; i++) {
    let rest = values[i] as number
    if (rest % common === 0) continue
    while (rest !== 0) {
      const left = common % rest
      common = rest
      rest = left
    }
  }
  return common === 0 ? 1 : common
}

function bitLength(value: number): number {
  return value < 4294967296 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / 4294967296)
}

function medianBits(values: Float64Array, count: number): number {
  const histogram = new Uint32Array(64)
  for (let i = 0; i < count; i++) (histogram[bitLength(values[i] as number)] as number)++
  let seen = 0
  for (let bits = 0; bits < 64; bits++) {
    seen += histogram[bits] as number
    if (seen * 2 >= count) return bits
  }
  return 0
}
