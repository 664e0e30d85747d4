import type { AttributeValue, ErrorInfo, InstanceRef } from '../record/record.js'
import type { HopId } from '../id/types.js'
import type { ByteReader } from './byte-reader.js'
import { limits } from '../record/limits.js'
import { MalformedEntry } from './byte-reader.js'
import { endOfAttributes } from './entry-fields.js'
import { callEndBits, closeBits, openingBits, textBytes, valueTag } from './format.js'
import { LoggedCall, type LoggedHop, LoggedRecord, noFields, noItems } from './logged-hop.js'

/** The fields of an opening. The instance is in the file's header. */
export interface Opening {
  hopId: HopId
  idMillis: number
  traceId: string
  startNanos: bigint
  method: string | null
  parentSpan: string | null
  link: string | null
  assignedId: HopId | null
  flags: number
}

export function readOpening(read: ByteReader): Opening {
  const from = read.at
  const idMillis = nanosToMillis(read.uint32(), read.uint32())
  read.at = from
  const hopId = read.hex(32) as HopId
  const bits = read.byte()
  const traceId = (bits & openingBits.ownTrace) !== 0 ? hopId : read.hex(32)
  const startNanos = read.nanos()
  const method = read.reference(textBytes.method)
  const parentSpan = (bits & openingBits.parentSpan) !== 0 ? read.hex(16) : null
  const link = (bits & openingBits.link) !== 0 ? read.text(textBytes.link) : null
  const assignedId = (bits & openingBits.assignedId) !== 0 ? (read.hex(32) as HopId) : null
  return { hopId, idMillis, traceId, startNanos, method, parentSpan, link, assignedId, flags: read.byte() }
}

/** The record of a hop that has just opened. */
export function openedRecord(
  opening: Omit<Opening, 'idMillis'>,
  service: string,
  instance: InstanceRef,
): LoggedRecord {
  const { hopId, traceId, startNanos, method, parentSpan, link, assignedId, flags } = opening
  return new LoggedRecord(
    hopId,
    traceId,
    service,
    instance,
    startNanos,
    method,
    parentSpan,
    link,
    assignedId,
    flags,
  )
}

/**
 * Passes over the rest of an entry that opens and closes its hop, from the hop's id on, and returns the place of
 * its start. Undefined if the entry says more: that the hop has other names or earlier entries, or that a text is lost.
 */
export function passLeaf(read: ByteReader, isRouted: boolean): number | undefined {
  read.skip(16)
  const opened = read.byte()
  if ((opened & (openingBits.parentSpan | openingBits.assignedId)) !== 0) return undefined
  if ((opened & openingBits.ownTrace) === 0) read.skip(16)
  const startAt = read.skip(8)
  let isKnown = read.passReference(textBytes.method)
  if ((opened & openingBits.link) !== 0) read.passText(textBytes.link)
  read.byte()
  if (isRouted) isKnown = read.passReference(textBytes.route) && isKnown
  read.varint()
  isKnown = read.passReference(textBytes.route) && isKnown
  read.varint()
  const closed = read.byte()
  if ((closed & closeBits.counted) !== 0) return undefined
  if ((closed & closeBits.error) !== 0) {
    isKnown = read.passReference(textBytes.errorName) && isKnown
    read.passText(textBytes.errorMessage)
    isKnown = read.passReference(textBytes.errorCode) && isKnown
  }
  read.varint()
  return isKnown ? startAt : undefined
}

/** `(high * 2^32 + low) / 10^6`, exactly, without bigint arithmetic: 2^32 is 4294 * 10^6 + 967296. */
export function nanosToMillis(high: number, low: number): number {
  return high * 4294 + Math.floor((high * 967_296 + low) / 1_000_000)
}

/** Adds attributes to a hop. */
export function readHopAttributes(read: ByteReader, record: LoggedRecord | undefined): void {
  if (record?.attributes === noFields) record.attributes = {}
  readAttributes(read, record?.attributes)
  if (record !== undefined) withinLimit(Object.keys(record.attributes).length - 1, limits.attributes)
}

/** Stands for a text that damage has taken, where a record cannot be without one. */
const lostText = 'unknown'

export function readCall(read: ByteReader, number: number): LoggedCall {
  const index = read.varint()
  const hopId = read.hex(32) as HopId
  const target = read.reference(textBytes.target) ?? lostText
  const service = read.reference(textBytes.service)
  const method = read.reference(textBytes.method)
  const via = read.reference(textBytes.target)
  const call = new LoggedCall(number, index, hopId, target, service, method, read.varint())
  call.via = via
  return call
}

/** A writer sheds what is beyond its limits, so a log with more is invalid. */
export function withinLimit(count: number, limit: number): void {
  if (count >= limit) throw new MalformedEntry('more than a writer writes')
}

/** Reads a call's end into its call; undefined (skipped) if there is none. */
export function readCallEnd(
  read: ByteReader,
  hop: LoggedHop | undefined,
  number: number,
): LoggedCall | undefined {
  const index = read.varint()
  const outcome = read.reference(textBytes.outcome)
  const durationMicros = read.varint()
  const bits = read.byte()
  const served = (bits & callEndBits.servedBy) !== 0
  const hopId = served ? (read.hex(32) as HopId) : null
  const service = served ? read.reference(textBytes.service) : null
  const address = served ? read.reference(textBytes.address) : null
  const otherKey = (bits & callEndBits.otherKey) === 0 ? null : read.hex(8)
  const call = hop?.callAt(number, index)
  if (call === undefined) return undefined
  call.outcome = outcome
  call.durationMicros = durationMicros
  call.otherKey = otherKey
  if (hopId !== null && service !== null && address !== null) call.servedBy = { hopId, service, address }
  return call
}

export function readEvent(read: ByteReader, record: LoggedRecord | undefined): void {
  const name = read.reference(textBytes.eventName)
  const offsetMicros = read.varint()
  const attributes: Record<string, AttributeValue> = {}
  readAttributes(read, attributes)
  if (record === undefined || name === null) return
  withinLimit(record.events.length, limits.events)
  if (record.events === noItems) record.events = [{ name, offsetMicros, attributes }]
  else record.events.push({ name, offsetMicros, attributes })
}

function readAttributes(read: ByteReader, into: Record<string, AttributeValue> | undefined): void {
  let count = 0
  for (;;) {
    const type = read.byte()
    if (type === endOfAttributes) return
    const name = read.reference(textBytes.attributeName)
    const value = readValue(read, type)
    if (into === undefined || name === null) continue
    if (++count > limits.attributes) throw new MalformedEntry('more than a writer writes')
    setOwn(into, name, value)
  }
}

function readValue(read: ByteReader, type: number): AttributeValue {
  if (type === valueTag.integer) return read.varint()
  if (type === valueTag.float) return read.float()
  if (type === valueTag.text) return read.text(0xffff)
  return type === valueTag.true
}

export function readKey(read: ByteReader, record: LoggedRecord | undefined): void {
  const name = read.reference(textBytes.keyName)
  const value = read.text(textBytes.keyValue)
  if (record === undefined || name === null) return
  if (record.keys === noFields) record.keys = {}
  if (!Object.hasOwn(record.keys, name)) withinLimit(Object.keys(record.keys).length, limits.keys)
  setOwn(record.keys, name, value)
}

/** The route as known at that entry. If its text was lost, the known route stays. */
export function readRoute(read: ByteReader, record: LoggedRecord | undefined): void {
  const route = read.reference(textBytes.route)
  if (record !== undefined && route !== null) record.route = route
}

/** Returns how many earlier entries the writer wrote under the hop's number. */
export function readClose(read: ByteReader, record: LoggedRecord | undefined): number {
  const durationMicros = read.varint()
  const route = read.reference(textBytes.route)
  const status = read.varint()
  const bits = read.byte()
  const error = (bits & closeBits.error) === 0 ? null : readError(read)
  const shed = read.varint()
  const before = (bits & closeBits.counted) !== 0 ? read.varint() : 0
  if (record === undefined) return before
  record.state = 'closed'
  record.durationMicros = durationMicros
  if ((bits & closeBits.routeStands) === 0) record.route = route
  record.status = status === 0 ? null : status - 1
  record.aborted = (bits & closeBits.aborted) !== 0
  record.error = error
  record.shed = shed
  return before
}

function readError(read: ByteReader): ErrorInfo {
  const name = read.reference(textBytes.errorName) ?? lostText
  const message = read.text(textBytes.errorMessage)
  return { name, message, code: read.reference(textBytes.errorCode) }
}

/** A recorded name may be `__proto__`. */
function setOwn<T>(into: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') {
    Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true })
  } else {
    into[name] = value
  }
}
