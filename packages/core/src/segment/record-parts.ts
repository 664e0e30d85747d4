import { splitWords } from '../id/hex.js'
import type { CallRecord, HopRecord, InstanceRef } from '../record/record.js'
import { maxNanosDifference, type sizeOf, columnType } from './layout.js'

/** `a - b` in nanoseconds; exact up to `maxNanosDifference`. */
export function difference(a: { high: number; low: number }, b: { high: number; low: number }): number {
  return (a.high - b.high) * 4_294_967_296 + (a.low - b.low)
}

/** Reads a time into halves. */
export function readTime(time: bigint, into: { high: number; low: number }): void {
  ;[into.high, into.low] = splitWords(time)
}

const none: readonly string[] = []

/** The names in a map. Most maps are empty, and get no array. */
export function namesOf(map: Readonly<Record<string, unknown>>): readonly string[] {
  return isEmpty(map) ? none : Object.keys(map)
}

function isEmpty(map: object): boolean {
  for (const _name in map) return false
  return true
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
  const { method, route, link, crash, error } = record
  let units = length(method) + length(route) + length(link) + length(crash)
  if (error !== null) units += length(error.name) + length(error.message) + length(error.code)
  units += mapUnits(record.keys) + mapUnits(record.attributes)
  for (const { name, attributes } of record.events) units += name.length + mapUnits(attributes)
  for (const { target, service, method: called, outcome, via, otherKey, servedBy } of record.next) {
    units +=
      target.length + length(service) + length(called) + length(outcome) + length(via) + length(otherKey)
    if (servedBy !== null) units += servedBy.service.length + length(servedBy.address)
  }
  return units
}

const length = (text: string | null): number => (text === null ? 0 : text.length)

function mapUnits(map: Readonly<Record<string, unknown>>): number {
  let units = 0
  for (const name of namesOf(map)) {
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
