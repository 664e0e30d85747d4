import { badSegment } from '../record/damage.js'
import { skipRecords } from './record-reader.js'
import type { SegmentReader } from './segment-reader.js'

/** Counts the records that a look-up has passed, so that it passes over their values shape by shape. */
export class PassedRecords {
  /** Of each shape: records, and of these the ones whose id was issued by a caller. */
  readonly #records: Uint32Array
  readonly #assigned: Uint32Array

  constructor(private readonly segment: SegmentReader) {
    this.#records = new Uint32Array(segment.shapes.count)
    this.#assigned = new Uint32Array(segment.shapes.count)
  }

  /** A record of this shape, with an id with this tail. */
  add(shape: number, tail: number): void {
    if (shape >= this.#records.length) throw badSegment('a record has an unknown shape')
    ;(this.#records[shape] as number)++
    if (this.segment.tailHigh(tail) >= 0x8000_0000) (this.#assigned[shape] as number)++
  }

  /** Passes over the values of the records so far. */
  skipValues(): void {
    for (const [shape, count] of this.#records.entries())
      if (count > 0)
        skipRecords(this.segment, this.segment.shapes.template(shape), count, this.#assigned[shape] as number)
    this.#records.fill(0)
    this.#assigned.fill(0)
  }
}
