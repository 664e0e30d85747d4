import type { Server, Socket } from 'node:net'
import { boundTo, serverOf, speaksHttp } from './listeners.js'
import { discoverAddress, parseAddress } from '../id/index.js'

/** How a run is reached. */
export interface RunAddress {
  /** `ip:port`: the one in the ids of the run. */
  readonly address: string
  readonly aliases: readonly string[]
  /** False for a process without a listening TCP socket: it continues in another run once it has one. */
  readonly listening: boolean
  /** Base URL of its live endpoint, or null. */
  readonly endpoint: string | null
}

/** The address of a process without a listening socket: the configured one, or a unique virtual address. */
export function addressOfProcess(given: string | undefined): RunAddress {
  const endpoint = given === undefined ? null : endpointAt(given)
  return { address: given ?? discoverAddress().address, aliases: [], listening: false, endpoint }
}

/** Of a server that listens. Where the operator says an address, the live endpoint is asked there. */
export function addressOfServer(server: Server, given: string | undefined): RunAddress | undefined {
  const bound = boundTo(server)
  return bound && addressOf(bound, given, speaksHttp(server))
}

/**
 * Of a connection that came in; undefined for one without a TCP port (a Unix socket, an injected request).
 */
export function addressOfConnection(socket: Socket, given: string | undefined): RunAddress | undefined {
  const { localAddress, localPort } = socket
  const server = serverOf(socket)
  const bound = typeof server?.address === 'function' ? boundTo(server) : undefined
  if (bound !== undefined) return addressOf(bound, given, true)
  if (localAddress === undefined || localPort === undefined || localPort === 0) return undefined
  return addressOf({ address: localAddress, port: localPort }, given, true)
}

/** Of a server that is not Node's. It has no live endpoint: this host asks the run by its socket. */
export function addressOfBound(bound: Bound, given: string | undefined): RunAddress {
  return addressOf(bound, given, false)
}

/** Where a server listens. */
export interface Bound {
  readonly address: string
  readonly port: number
}

function addressOf(bound: Bound, given: string | undefined, http: boolean): RunAddress {
  const { address, aliases, host } = discoverAddress({ bound })
  const dialled = given ?? `${host.includes(':') ? `[${host}]` : host}:${bound.port}`
  return { address, aliases, listening: true, endpoint: http ? endpointAt(dialled) : null }
}

const endpointAt = (hostPort: string): string => `http://${hostPort}/_hoptrace/v1`

/** `ip:port` that an operator may give. */
export function isGivenAddress(text: string): boolean {
  const parsed = parseAddress(text)
  return parsed !== undefined && parsed.port > 0
}
