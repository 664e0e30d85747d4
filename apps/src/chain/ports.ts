import { createServer } from 'node:net'
import { SERVICES, type Ports } from './services.js'

/** Whether nobody listens on a port of 127.0.0.1: true only if it could be bound. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Ports that are free now, one a service: all held at once before they are let go, so that no two are the same. */
export async function freePorts(): Promise<Ports> {
  const held = await Promise.all(
    SERVICES.map(
      () =>
        new Promise<{ port: number; release: () => Promise<void> }>((resolve, reject) => {
          const server = createServer()
          server.once('error', reject)
          server.listen({ port: 0, host: '127.0.0.1' }, () => {
            const address = server.address()
            const port = typeof address === 'object' && address ? address.port : 0
            resolve({ port, release: () => new Promise((done) => server.close(() => done())) })
          })
        }),
    ),
  )
  await Promise.all(held.map((one) => one.release()))
  return Object.fromEntries(SERVICES.map((name, index) => [name, held[index]?.port ?? 0])) as Ports
}
