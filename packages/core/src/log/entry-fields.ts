import type { Attributes } from '../record/record.js'
import type { EntryBuffer } from './entry-buffer.js'
import type { LogCall, LogCallEnd, LogClose, LogHop } from './entries.js'
import { callEndBits, closeBits, opening, openingBits, routed, textBytes, valueTag } from './format.js'

/**
 * The head of an entry: its hop's number, the opening fields if it `opens` the hop, and the route if it is
 * new.
 */
export function writeHead(
  out: EntryBuffer,
  entryKind: number,
  hop: LogHop,
  opens: boolean,
  route: string | null,
): void {
  out.byte(entryKind | (opens ? opening : 0) | (route === null ? 0 : routed))
  out.varint(hop.logNumber)
  if (opens) writeOpening(out, hop)
  if (route !== null) out.reference(route, textBytes.route)
}

function writeOpening(out: EntryBuffer, hop: LogHop): void {
  const ownTrace = hop.traceId === hop.id
  out.hex(hop.id, 32)
  out.byte(
    (ownTrace ? openingBits.ownTrace : 0) |
      (hop.parentSpan === null ? 0 : openingBits.parentSpan) |
      (hop.link === null ? 0 : openingBits.link) |
      (hop.assignedId === null ? 0 : openingBits.assignedId),
  )
  if (!ownTrace) out.hex(hop.traceId, 32)
  out.nanos(hop.startNanos)
  out.reference(hop.method, textBytes.method)
  if (hop.parentSpan !== null) out.hex(hop.parentSpan, 16)
  if (hop.link !== null) out.text(hop.link, textBytes.link)
  if (hop.assignedId !== null) out.hex(hop.assignedId, 32)
  out.byte(hop.flags & 255)
}

export function writeCall(out: EntryBuffer, call: LogCall): void {
  out.varint(call.index)
  out.hex(call.hopId, 32)
  out.reference(call.target, textBytes.target)
  out.reference(call.service, textBytes.service)
  out.reference(call.method, textBytes.method)
  out.reference(call.via, textBytes.target)
  out.varint(call.offsetMicros)
}

export function writeCallEnd(out: EntryBuffer, end: LogCallEnd): void {
  const { servedBy, otherKey } = end
  out.varint(end.index)
  out.reference(end.outcome, textBytes.outcome)
  out.varint(end.durationMicros)
  out.byte((servedBy === null ? 0 : callEndBits.servedBy) | (otherKey === null ? 0 : callEndBits.otherKey))
  if (servedBy !== null) {
    out.hex(servedBy.hopId, 32)
    out.reference(servedBy.service, textBytes.service)
    out.reference(servedBy.address, textBytes.address)
  }
  if (otherKey !== null) out.hex(otherKey, 8)
}

/** `logged`: the route that the log has already. `before`: the hop's earlier entries under its number. */
export function writeClose(
  out: EntryBuffer,
  close: LogClose,
  logged: string | null,
  shed: number,
  before: number,
): void {
  const { error, route } = close
  const stands = route !== null && route === logged
  out.varint(close.durationMicros)
  out.reference(stands ? null : route, textBytes.route)
  out.varint(close.status === null ? 0 : close.status + 1)
  out.byte(
    (close.aborted ? closeBits.aborted : 0) |
      (error === null ? 0 : closeBits.error) |
      (stands ? closeBits.routeStands : 0) |
      (before > 0 ? closeBits.counted : 0),
  )
  if (error !== null) {
    out.reference(error.name, textBytes.errorName)
    out.text(error.message, textBytes.errorMessage)
    out.reference(error.code, textBytes.errorCode)
  }
  out.varint(shed)
  if (before > 0) out.varint(before)
}

/** Bytes of an attribute in addition to its name and text: reference, type, length. */
const attributeOverhead = 8

/**
 * Writes as many attributes as fit into `maxBytes`; the last text is cut to the remaining space. Returns how
 * many were left out or cut. An attribute ends with its type, so a byte of `valueTag.end` closes the list.
 */
export function writeAttributes(out: EntryBuffer, attributes: Attributes, maxBytes: number): number {
  const end = out.at + maxBytes
  let shed = 0
  for (const name in attributes) {
    const value = attributes[name]
    if (value === undefined) continue
    const room = end - out.at - attributeOverhead - Math.min(name.length * 3, textBytes.attributeName)
    if (room < 9) {
      shed++
      continue
    }
    if (!writeAttribute(out, name, value, room)) shed++
  }
  out.byte(endOfAttributes)
  return shed
}

/** Takes the place of the next attribute's type. */
export const endOfAttributes = 255

function writeAttribute(out: EntryBuffer, name: string, value: unknown, room: number): boolean {
  if (typeof value === 'boolean') {
    out.byte(value ? valueTag.true : valueTag.false)
    out.reference(name, textBytes.attributeName)
    return true
  }
  if (typeof value === 'number' && Number.isFinite(value)) {
    if (value >= 0 && Number.isSafeInteger(value) && !Object.is(value, -0)) {
      out.byte(valueTag.integer)
      out.reference(name, textBytes.attributeName)
      out.varint(value)
    } else {
      out.byte(valueTag.float)
      out.reference(name, textBytes.attributeName)
      out.float(value)
    }
    return true
  }
  out.byte(valueTag.text)
  out.reference(name, textBytes.attributeName)
  return out.text(typeof value === 'string' ? value : String(value), room)
}
