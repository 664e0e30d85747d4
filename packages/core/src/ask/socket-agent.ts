import { Agent, type ClientRequestArgs } from 'node:http'
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { heldSocketPath } from '../rundir/index.js'

/** Connects to sockets by their paths, however long those are. */
export class SocketAgent extends Agent {
  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Socket {
    const given = options.socketPath ?? ''
    const short = heldSocketPath(path.dirname(given), path.basename(given))
    const socket = connect({ ...options, path: short.path } as NetConnectOpts)
    socket.once('connect', short.release)
    socket.once('close', short.release)
    if (callback !== undefined) socket.once('connect', () => callback(null, socket))
    return socket
  }
}
