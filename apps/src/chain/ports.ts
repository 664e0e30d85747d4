import { createServer } from 'node:net'
import { SERVICES, type Ports } from './services.js'

/** Whether a port of 127.0.0.1 is free: true only if it could be bound. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Ports that are free now, one a service. */
export async function freePorts(): Promise<Ports> {
  const ports = await freePortList(SERVICES.length)
  return Object.fromEntries(SERVICES.map((name, index) => [name, ports[index] ?? 0])) as Ports
}

/** Free ports. All are held at the same time before they are released, so that no two are the same. */
export async function freePortList(amount: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: amount }, hold))
  await Promise.all(held.map((one) => one.release()))
  return held.map((one) => one.port)
}

function hold(): Promise<{ readonly port: number; readonly release: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      resolve({ port, release: () => new Promise((done) => server.close(() => done())) })
    })
  })
}
