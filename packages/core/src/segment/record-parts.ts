import type { CallRecord, HopRecord, InstanceRef } from '../hop/record.js'
import { maxNanosDifference, type sizeOf, valueType } from './layout.js'
import { nanosHigh, nanosLow } from './words.js'

/** `a - b` in nanoseconds; exact up to `maxNanosDifference`. */
export function difference(a: { high: number; low: number }, b: { high: number; low: number }): number {
  return (a.high - b.high) * 4_294_967_296 + (a.low - b.low)
}

/** A time as halves. */
export function startOf(time: bigint): { high: number; low: number } {
  return { high: nanosHigh(time), low: nanosLow() }
}

/** When a call ended, as far as is known: microseconds since the hop started. */
export function endOf(call: CallRecord): number {
  return call.offsetMicros + (call.durationMicros ?? 0)
}

/** What `sizeOf` counts; a record in the json column has no parts. */
export function partsOf(record: HopRecord | undefined): Parameters<typeof sizeOf>[0] {
  if (record === undefined) return { keys: 0, attributes: 0, events: 0, eventAttributes: 0, calls: 0 }
  let eventAttributes = 0
  for (const event of record.events) eventAttributes += Object.keys(event.attributes).length
  return {
    keys: Object.keys(record.keys).length,
    attributes: Object.keys(record.attributes).length,
    events: record.events.length,
    eventAttributes,
    calls: record.next.length,
  }
}

/** The `valueType` of an attribute's value. */
export function typeOf(value: unknown): number {
  if (typeof value === 'string') return valueType.text
  if (typeof value === 'boolean') return value ? valueType.true : valueType.false
  return Number.isInteger(value) && Math.abs(value as number) <= maxNanosDifference && !Object.is(value, -0)
    ? valueType.integer
    : valueType.float
}

/** Do two references mean one run of one instance? */
export function isSameRun(a: InstanceRef, b: InstanceRef): boolean {
  return a === b || (a.address === b.address && a.worker === b.worker && a.startNanos === b.startNanos)
}
