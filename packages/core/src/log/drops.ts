import { timing } from '../base/timing.js'
import type { DroppedRange } from '../record/instance-row.js'
import type { EntryBuffer } from './entry-buffer.js'
import type { LogHop } from './entries.js'
import { kind } from './format.js'
import { LostFile } from './lost-file.js'

/** The hops dropped since the last `dropped` entry, as one range of times. */
export class PendingDrops {
  private fromNanos = 0n
  private toNanos = 0n
  private count = 0
  private readonly file = new LostFile()

  /** Widens the range by the time in the hop's id and by its start. */
  add(hop: LogHop): void {
    const idNanos = BigInt(`0x${hop.id.slice(0, 16)}`)
    const from = idNanos < hop.startNanos ? idNanos : hop.startNanos
    const to = idNanos < hop.startNanos ? hop.startNanos : idNanos
    if (this.count === 0 || from < this.fromNanos) this.fromNanos = from
    if (this.count === 0 || to > this.toNanos) this.toNanos = to
    this.count++
    this.file.write(this.range)
  }

  /** Keeps them also in the directory of the log, until the log says them. */
  keepIn(runDir: string): void {
    this.file.open(runDir, this.range)
  }

  get range(): DroppedRange | undefined {
    if (this.count === 0) return undefined
    return { fromNanos: this.fromNanos, toNanos: this.toNanos, count: this.count }
  }

  /** Adds the `dropped` entry. False if nothing was dropped. */
  write(out: EntryBuffer): boolean {
    if (this.count === 0) return false
    out.byte(kind.dropped)
    out.nanos(this.fromNanos)
    out.nanos(this.toNanos)
    out.varint(this.count)
    return true
  }

  clear(): void {
    if (this.count === 0) return
    this.count = 0
    this.file.write(undefined)
  }

  close(): void {
    this.file.close()
  }
}

/** The maximum number of separate ranges; further ones are merged into the last. */
const maxDropped = 64

/**
 * Adds a range to the known ones. Continuous drops are one range, however many entries the log has for them.
 */
export function addDropped(dropped: DroppedRange[], range: DroppedRange): void {
  const last = dropped.at(-1)
  if (
    last !== undefined &&
    range.fromNanos >= last.fromNanos &&
    range.fromNanos <= last.toNanos + timing.oneDropNanos
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
