import { createServer, type Socket } from 'node:net'

/** A port that takes connections and whatever is sent, and never answers. */
export interface BlackHole {
  readonly url: string
  close(): Promise<void>
}

/** Opens a black hole on an address of this host. */
export async function openBlackHole(address: string): Promise<BlackHole> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).resume())
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  return {
    url: `http://${address}:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
