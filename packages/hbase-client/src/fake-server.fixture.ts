import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** A TCP server on loopback; a test decides how it treats connections. */
export interface FakeServer {
  readonly url: string
  /** The number of connections so far. */
  connections: number
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a server. `onData` gets the client's bytes, piece by piece; `onConnection` runs when a connection
 * opens.
 */
export async function fakeServer(handlers: {
  onConnection?: (socket: Socket) => void
  onData?: (socket: Socket, data: Buffer) => void
}): Promise<FakeServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    fake.connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (data) => handlers.onData?.(socket, data))
    handlers.onConnection?.(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const fake: FakeServer = {
    url: `hbase://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return fake
}

/** A frame in the server's format: length, then the bytes. */
export function frame(...bytes: Uint8Array[]): Buffer {
  const body = Buffer.concat(bytes)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}
