import assert from 'node:assert'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Server as HttpServer } from 'node:http'
import type { Server, Socket } from 'node:net'

/** Receives the servers of this thread that begin to listen. */
export interface ListenerOwner {
  /** A TCP server listens. */
  listens(server: Server): void
  /** A server that it received belongs to another owner. */
  gives(server: Server): void
}

const channel = 'tracing:net.server.listen:asyncEnd'
const connections = 'net.server.socket'
const owners = new Set<ListenerOwner>()
const ownerOf = new WeakMap<Server, ListenerOwner>()
/** Servers of hoptrace itself, which do not lead to the application. */
const internal = new WeakSet<Server>()
let accepted = 0

/** From now on `owner` receives each server that begins to listen, while it is the only owner. */
export function watchListeners(owner: ListenerOwner): void {
  if (owners.size === 0) {
    subscribe(channel, began)
    subscribe(connections, count)
  }
  owners.add(owner)
}

/** The owner is closed. Gives whether it was the last. */
export function unwatchListeners(owner: ListenerOwner): boolean {
  owners.delete(owner)
  if (owners.size > 0) return false
  unsubscribe(channel, began)
  unsubscribe(connections, count)
  return true
}

/** How many connections the servers of this thread have accepted while they were watched. */
export const acceptedConnections = (): number => accepted

/** A server that is not the application's; to be called before it listens. */
export function markInternal(server: Server): void {
  internal.add(server)
}

/** Is it a server of hoptrace itself? */
export const isInternal = (server: Server): boolean => internal.has(server)

/** A server belongs to the owner whose hop it served. */
export function claimServer(server: Server, owner: ListenerOwner): void {
  const before = ownerOf.get(server)
  ownerOf.set(server, owner)
  if (before !== owner) before?.gives(server)
}

/** The server that accepted a connection, if Node shows it. */
export function serverOf(socket: Socket): Server | undefined {
  return (socket as Socket & { server?: Server }).server
}

/** Where a server listens; undefined for a path, a pipe, and one that does not listen. */
export function boundTo(server: Pick<Server, 'address'>): { address: string; port: number } | undefined {
  const bound = server.address()
  return typeof bound === 'object' && bound !== null && bound.port > 0 ? bound : undefined
}

/** Does it speak HTTP? A server of another kind has no live endpoint. */
export const speaksHttp = (server: Server): boolean => server instanceof HttpServer

function count(): void {
  accepted++
}

function began(message: unknown): void {
  const { server } = message as { readonly server: Server }
  if (isInternal(server) || isShared(server)) return
  const [owner, other] = owners
  if (owner === undefined || other !== undefined || boundTo(server) === undefined) return
  ownerOf.set(server, owner)
  owner.listens(server)
}

/** The primary of node:cluster holds the sockets of its workers: it serves no request itself. */
function isShared(server: Server): boolean {
  return server.listeners('connection').some((listener) => listener === assert.fail)
}
