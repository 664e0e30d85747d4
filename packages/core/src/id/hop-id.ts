import { HoptraceError } from '../base/errors.js'
import { formatAddress, isPort, parseIpv4 } from './ip.js'
import { hexOfWords, joinWords, splitWords } from './hex.js'
import type { HopId, HopIdFields } from './types.js'
import { hexHalf } from './words.js'

const HOP_ID = /^[0-9a-f]{32}$/

/** True for 32 lowercase hex digits, the form of raw and of sealed ids alike. */
export const isHopId = (text: string): text is HopId => text.length === 32 && HOP_ID.test(text)

/**
 * What an id says of itself.
 * @throws HoptraceError `HOPTRACE_BAD_ID` when `text` is not 32 lowercase hex digits.
 */
export const parseHopId = (text: string): HopIdFields => {
  if (!isHopId(text)) {
    throw new HoptraceError(
      'HOPTRACE_BAD_ID',
      `not an id: ${JSON.stringify(text.slice(0, 64))} is not 32 lowercase hex digits`,
    )
  }
  const sequence = Number.parseInt(text.slice(16, 20), 16)
  return {
    nanos: hopIdNanos(text),
    assigned: sequence >= 0x8000,
    issuer: (sequence >>> 4) & 0x7ff,
    counter: sequence & 15,
    ip: ipOf(text),
    port: Number.parseInt(text.slice(28), 16),
  }
}

const ipOf = (id: HopId): string => {
  const n = Number.parseInt(id.slice(20, 28), 16)
  return `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`
}

/**
 * The id that has these fields.
 * @throws TypeError when a field is out of its range.
 */
export const formatHopId = (fields: HopIdFields): HopId => {
  const { nanos, assigned, issuer, counter, ip, port } = fields
  const address = parseIpv4(ip)
  if (nanos < 0n || nanos >= 1n << 64n) throw new TypeError(`nanos does not fit 64 bits: ${nanos}`)
  if (!isBelow(issuer, 2048)) throw new TypeError(`issuer is not 0-2047: ${issuer}`)
  if (!isBelow(counter, 16)) throw new TypeError(`counter is not 0-15: ${counter}`)
  if (!isPort(port)) throw new TypeError(`port is not 0-65535: ${port}`)
  if (address === undefined) throw new TypeError(`ip is not a dotted IPv4 address: ${ip}`)
  const [high, low] = splitWords(nanos)
  const sequence = (assigned ? 0x8000 : 0) | (issuer << 4) | counter
  return hexOfWords(high, low, (sequence << 16) | (address >>> 16), (address << 16) | port) as HopId
}

const isBelow = (n: number, limit: number): boolean => Number.isInteger(n) && n >= 0 && n < limit

/** The id's time: nanoseconds since the Unix epoch. */
export const hopIdNanos = (id: HopId): bigint =>
  joinWords((hexHalf(id, 0) << 16) | hexHalf(id, 4), (hexHalf(id, 8) << 16) | hexHalf(id, 12))

/** `ip:port` of the instance that the hop runs on, or, for an assigned id, of the address dialled. */
export const hopIdAddress = (id: HopId): string => formatAddress(ipOf(id), Number.parseInt(id.slice(28), 16))
