import type { DroppedRange } from '../store/instance-row.js'
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
