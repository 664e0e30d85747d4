import { parseAddress } from './ip.js'
import type { HopId } from './types.js'

/** Hex digits of an id before its address: time and sequence. */
const stampDigits = 20

/**
 * The id that an instance takes when it is asked to take `assigned` and that id names another address: time and sequence of
 * the assigned id, the instance's own address. So one assigned id never becomes the id of hops in two instances, and both
 * sides compute the same id without an alias row.
 * @param address `ip:port` of the instance.
 */
export const rebaseId = (assigned: HopId, address: string): HopId => {
  const { ip, port } = parseAddress(address) ?? { ip: '0.0.0.0', port: 0 }
  const bytes = [...ip.split('.').map(Number), port >> 8, port & 255]
  return (assigned.slice(0, stampDigits) +
    bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')) as HopId
}

/** Whether two ids come from one assigned id: they are equal, or differ in the address alone. */
export const sameStamp = (a: string, b: string): boolean =>
  a.slice(0, stampDigits) === b.slice(0, stampDigits)
