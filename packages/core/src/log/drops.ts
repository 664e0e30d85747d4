import type { DroppedRange } from '../record/instance-row.js'
import type { EntryBuffer } from './entry-buffer.js'
import type { LogHop } from './entries.js'
import { kind } from './format.js'

/** The hops that could not be kept since the log was last able to say so: one range of times. */
export class PendingDrops {
  private fromNanos = 0n
  private toNanos = 0n
  private count = 0

  /** Widens the range by the time in the hop's id and the time it began. */
  add(hop: LogHop): void {
    const idNanos = BigInt(`0x${hop.id.slice(0, 16)}`)
    const from = idNanos < hop.startNanos ? idNanos : hop.startNanos
    const to = idNanos < hop.startNanos ? hop.startNanos : idNanos
    if (this.count === 0 || from < this.fromNanos) this.fromNanos = from
    if (this.count === 0 || to > this.toNanos) this.toNanos = to
    this.count++
  }

  get range(): DroppedRange | undefined {
    if (this.count === 0) return undefined
    return { fromNanos: this.fromNanos, toNanos: this.toNanos, count: this.count }
  }

  /** Adds the entry that says so. False when nothing was dropped. */
  write(out: EntryBuffer): boolean {
    if (this.count === 0) return false
    out.byte(kind.dropped)
    out.nanos(this.fromNanos)
    out.nanos(this.toNanos)
    out.varint(this.count)
    return true
  }

  clear(): void {
    this.count = 0
  }
}

/** Ranges that are told apart; more are merged into the last. */
const maxDropped = 64
/** Drops that are no further apart are one range. */
const oneRangeNanos = 1_000_000_000n

/** Adds a range to those that are known. What is dropped without a pause is one range, however often the log says so. */
export function addDropped(dropped: DroppedRange[], range: DroppedRange): void {
  const last = dropped.at(-1)
  if (
    last !== undefined &&
    range.fromNanos >= last.fromNanos &&
    range.fromNanos <= last.toNanos + oneRangeNanos
  ) {
    const toNanos = range.toNanos > last.toNanos ? range.toNanos : last.toNanos
    dropped[dropped.length - 1] = { ...last, toNanos, count: last.count + range.count }
  } else if (last === undefined || dropped.length < maxDropped) {
    dropped.push(range)
  } else {
    dropped[dropped.length - 1] = {
      fromNanos: range.fromNanos < last.fromNanos ? range.fromNanos : last.fromNanos,
      toNanos: range.toNanos > last.toNanos ? range.toNanos : last.toNanos,
      count: last.count + range.count,
    }
  }
}
