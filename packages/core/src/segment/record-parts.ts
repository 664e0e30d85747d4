import { splitWords } from '../id/hex.js'
import type { CallRecord, HopRecord, InstanceRef } from '../record/record.js'
import { maxNanosDifference, type sizeOf, columnType } from './layout.js'

/** `a - b` in nanoseconds; exact up to `maxNanosDifference`. */
export function difference(a: { high: number; low: number }, b: { high: number; low: number }): number {
  return (a.high - b.high) * 4_294_967_296 + (a.low - b.low)
}

/** A time as halves. */
export function startOf(time: bigint): { high: number; low: number } {
  const [high, low] = splitWords(time)
  return { high, low }
}

/** The end of a call, or its start if the end is unknown: microseconds since the hop started. */
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

/** UTF-16 units of a record's texts: names, values, targets and all. */
export function textUnits(record: HopRecord): number {
  const { error } = record
  let units = lengths(record.method, record.route, record.link, record.crash)
  if (error !== null) units += lengths(error.name, error.message, error.code)
  units += mapUnits(record.keys) + mapUnits(record.attributes)
  for (const { name, attributes } of record.events) units += name.length + mapUnits(attributes)
  for (const call of record.next) {
    units += lengths(call.target, call.service, call.method, call.outcome, call.via, call.otherKey)
    if (call.servedBy !== null) units += lengths(call.servedBy.service, call.servedBy.address)
  }
  return units
}

function lengths(...texts: readonly (string | null)[]): number {
  let units = 0
  for (const text of texts) if (text !== null) units += text.length
  return units
}

function mapUnits(map: Readonly<Record<string, unknown>>): number {
  let units = 0
  for (const name of Object.keys(map)) {
    const value = map[name]
    units += name.length + (typeof value === 'string' ? value.length : 0)
  }
  return units
}

/** The `columnType` of an attribute's value. */
export function typeOf(value: unknown): number {
  if (typeof value === 'string') return columnType.text
  if (typeof value === 'boolean') return value ? columnType.true : columnType.false
  return Number.isInteger(value) && Math.abs(value as number) <= maxNanosDifference && !Object.is(value, -0)
    ? columnType.integer
    : columnType.float
}

/** Do two references mean one run of one instance? */
export function isSameRun(a: InstanceRef, b: InstanceRef): boolean {
  return a === b || (a.address === b.address && a.worker === b.worker && a.startNanos === b.startNanos)
}
