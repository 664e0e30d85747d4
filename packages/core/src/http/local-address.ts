import type { Socket } from 'node:net'
import { formatAddress, ipv4OfHost } from '../id/index.js'

/** `ip:port` of this host at which a connection came in; undefined for one without a TCP port. */
export function localAddress({ localAddress: host, localPort }: Socket): string | undefined {
  return host === undefined || localPort === undefined
    ? undefined
    : formatAddress(ipv4OfHost(host), localPort)
}
