import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'

/** The 32 bits of a dotted IPv4 address (no leading zeros), or undefined. Each call to a service reads one: a pattern would cost five times as much. */
export const parseIpv4 = (text: string): number | undefined => {
  if (text.length > 15) return undefined
  let bits = 0
  let dots = 0
  /** Negative where a byte has no digit yet. */
  let byte = -1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x2e) {
      if (byte < 0 || ++dots > 3) return undefined
      bits = bits * 256 + byte
      byte = -1
    } else {
      if (code < 0x30 || code > 0x39 || byte === 0) return undefined
      byte = (byte < 0 ? 0 : byte * 10) + code - 0x30
      if (byte > 255) return undefined
    }
  }
  return dots === 3 && byte >= 0 ? bits * 256 + byte : undefined
}

/** 0-65535 */
export const isPort = (n: number): boolean => Number.isInteger(n) && n >= 0 && n <= 65_535

/** `ip:port` */
export const formatAddress = (ip: string, port: number): string => `${ip}:${port}`

/** The parts of `ip:port` (dotted IPv4, port 0-65535 without leading zeros), or undefined. */
export const parseAddress = (text: string): { ip: string; port: number } | undefined => {
  const colon = text.length <= 21 ? text.indexOf(':') : -1
  if (colon < 0) return undefined
  const ip = text.slice(0, colon)
  const digits = text.slice(colon + 1)
  if (parseIpv4(ip) === undefined || !/^(0|[1-9]\d{0,4})$/.test(digits)) return undefined
  const port = Number(digits)
  return isPort(port) ? { ip, port } : undefined
}

/** The 8 groups of an IPv6 address, or undefined. A zone (`%eth0`) is left out, a dotted tail is read. */
const ipv6Groups = (text: string): number[] | undefined => {
  const bare = text.replace(/%.*$/s, '')
  if (bare.length > 45 || !isIPv6(bare)) return undefined
  const dotted = /[^:]*\.[^:]*$/.exec(bare)?.[0]
  const bits = dotted === undefined ? 0 : (parseIpv4(dotted) ?? 0)
  const tail = dotted === undefined ? '' : `${(bits >>> 16).toString(16)}:${(bits & 0xffff).toString(16)}`
  const [left = '', right] = (bare.slice(0, bare.length - (dotted?.length ?? 0)) + tail).split('::')
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((g) => Number.parseInt(g, 16))
  const before = groups(left)
  const after = groups(right ?? '')
  return right === undefined
    ? before
    : [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

/**
 * The virtual IPv4 of an IPv6 address, so that it fits an id: the first four bytes of the SHA-256 of its 16
 * bytes, where the first is folded into 242-254 (240.0.0.0/4 without 241, which port-less processes use, and
 * without the broadcast). Both sides of a call compute the same one; the registry maps it back.
 */
const virtualIpv4 = (groups: readonly number[]): string => {
  const bytes = Buffer.alloc(16)
  groups.forEach((group, i) => bytes.writeUInt16BE(group, i * 2))
  const [a = 0, b = 0, c = 0, d = 0] = createHash('sha256').update(bytes).digest()
  return `${242 + (a % 13)}.${b}.${c}.${d}`
}

/**
 * The IPv4 address that represents a host in ids. An IPv4 address represents itself, an IPv4-mapped IPv6
 * address its IPv4, `localhost`, `*.localhost` and `::1` become 127.0.0.1, another IPv6 address (brackets and
 * zone allowed) its virtual IPv4, and any other name 0.0.0.0: not resolved.
 */
export const ipv4OfHost = (host: string): string => {
  if (parseIpv4(host) !== undefined) return host
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  if (!bare.includes(':')) return /^(.+\.)?localhost\.?$/i.test(bare.slice(-253)) ? '127.0.0.1' : '0.0.0.0'
  const groups = ipv6Groups(bare)
  if (groups === undefined) return '0.0.0.0'
  const [high = 0, low = 0] = groups.slice(6)
  if (groups.slice(0, 5).every((g) => g === 0)) {
    if (groups[5] === 0xffff) return `${high >>> 8}.${high & 255}.${low >>> 8}.${low & 255}`
    if (groups[5] === 0 && high === 0 && low === 1) return '127.0.0.1'
  }
  return virtualIpv4(groups)
}
