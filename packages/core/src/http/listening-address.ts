import type { Server, Socket } from 'node:net'
import { discoverAddress, formatAddress, ipv4OfHost } from '../id/index.js'
import type { RunAddress } from '../run.js'

/** The address that others dial, from a connection that came in. */
export function listeningAddress(socket: Socket): RunAddress {
  const bound = { address: boundAddress(socket) ?? socket.localAddress ?? '', port: socket.localPort ?? 0 }
  return { ...discoverAddress({ bound }), listening: true }
}

/** What the server listens on: a wildcard is reached by every address of the host, not only the one of this connection. */
function boundAddress(socket: Socket): string | undefined {
  const { server } = socket as Socket & { server?: Pick<Server, 'address'> }
  const bound = server?.address?.()
  return typeof bound === 'object' && bound !== null ? bound.address : undefined
}

/** `ip:port` of this host at which a connection came in; undefined for one without a TCP port. */
export function localAddress({ localAddress: host, localPort }: Socket): string | undefined {
  return host === undefined || localPort === undefined
    ? undefined
    : formatAddress(ipv4OfHost(host), localPort)
}
