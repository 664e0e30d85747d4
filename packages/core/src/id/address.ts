import { randomBytes } from 'node:crypto'
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'
import { formatAddress, ipv4OfHost } from './ip.js'

/** Under which addresses an instance is known. */
export interface InstanceAddress {
  /** `ip:port`, the one in its ids. */
  readonly address: string
  /**
   * Other `ip:port` that reach it: a wildcard listener is on every interface and on loopback. Never holds
   * `address`.
   */
  readonly aliases: readonly string[]
  /** The host that a client dials for `address`: an IPv6 address where `address` is a virtual one. */
  readonly host: string
}

/** What `discoverAddress` looks at. */
export interface AddressSources {
  /**
   * `server.address()` of the listening socket, or `{ address: socket.localAddress, port: socket.localPort
   * }`.
   */
  readonly bound?: { readonly address: string; readonly port: number } | undefined
  /** @default os.networkInterfaces() */
  readonly interfaces?: NodeJS.Dict<NetworkInterfaceInfo[]> | undefined
}

/**
 * A virtual address for a process that does not listen: 241.0.0.0/8, all other bits random, so that no two
 * share one.
 */
export const virtualAddress = (): string => {
  const bytes = randomBytes(5)
  return formatAddress(`241.${bytes[0]}.${bytes[1]}.${bytes[2]}`, 1 + (bytes.readUInt16BE(3) % 65_535))
}

/** True for an address that `virtualAddress` made. No process can dial it. */
export const isVirtualAddress = (address: string): boolean => address.startsWith('241.')

/**
 * The address of an instance. A socket bound to one address has that address; one bound to a wildcard has the
 * host's first non-internal IPv4, else the virtual IPv4 of its first global IPv6, else 127.0.0.1. Without a
 * socket it is a virtual unique address.
 */
export const discoverAddress = ({
  bound,
  interfaces = networkInterfaces(),
}: AddressSources = {}): InstanceAddress => {
  if (bound === undefined || bound.port === 0) {
    const address = virtualAddress()
    return { address, aliases: [], host: address.slice(0, address.indexOf(':')) }
  }
  const { port } = bound
  if (!isWildcard(bound.address)) {
    const ip = ipv4OfHost(bound.address)
    // The server listens on ::1 only, so clients must dial ::1 although the id says 127.0.0.1.
    const host = isVirtual(ip) || bound.address === '::1' ? bound.address : ip
    return { address: formatAddress(ip, port), aliases: [], host }
  }
  const hosts = reachable(interfaces, bound.address !== '0.0.0.0')
  const all = hosts.map((host) => formatAddress(ipv4OfHost(host), port))
  const [address = '', ...aliases] = [...new Set(all)]
  return { address, aliases, host: hosts[0] ?? '127.0.0.1' }
}

const isWildcard = (ip: string): boolean => ip === '0.0.0.0' || ip === '::' || ip === ''

const isVirtual = (ip: string): boolean => Number(ip.slice(0, ip.indexOf('.'))) >= 240

/**
 * External IPv4 first, then global IPv6, then loopback. Link-local addresses mean nothing to another host.
 */
const reachable = (interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>, ipv6: boolean): string[] => {
  const external = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(({ internal }) => !internal)
  const v4 = external.filter(({ family }) => family === 'IPv4').map(({ address }) => address)
  const v6 = external.filter(({ family, address }) => family === 'IPv6' && !/^fe80:/i.test(address))
  return [...v4, ...(ipv6 ? v6.map(({ address }) => address) : []), '127.0.0.1']
}
