import { createServer as createHttpServer, request } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { SERVICES, type ServiceName } from './services.js'

/** A plain reverse proxy in front of a service on loopback, with a separate port. */
export interface Front {
  readonly port: number
  /** Stops listening and breaks off what is under way. */
  close(): Promise<void>
}

/**
 * Opens one: `http` reads requests, passes them on and answers 502 when it gets no answer; `tcp` forwards
 * connections and reads nothing. It listens only while its service does, as a balancer that checks its back
 * ends: open and close it with the service.
 */
export function openFront(kind: 'http' | 'tcp', port: number, to: number): Promise<Front> {
  const sockets = new Set<Socket>()
  const server: Server = kind === 'http' ? httpProxy(to) : createServer((socket) => forward(socket, to))
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined))
    socket.once('close', () => sockets.delete(socket))
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
      resolve({
        port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            // What the service's end has broken is on its way to its callers: it gets there first.
            setTimeout(() => sockets.forEach((socket) => socket.destroy()), BREAK_MILLIS)
          }),
      }),
    )
  })
}

/** What the front of a service of the shop is: each kind in turn along the chain. */
export function frontKindOf(name: ServiceName): 'http' | 'tcp' {
  return SERVICES.indexOf(name) % 2 === 0 ? 'http' : 'tcp'
}

function forward(socket: Socket, to: number): void {
  const beyond = connect({ port: to, host: '127.0.0.1' })
  for (const [one, other] of [
    [socket, beyond],
    [beyond, socket],
  ] as const) {
    one.on('error', () => other.resetAndDestroy())
    one.once('close', () => other.destroy())
    one.pipe(other)
  }
}

function httpProxy(to: number): Server {
  return createHttpServer((req, res) => {
    const { method, url: path, headers } = req
    const beyond = request({ port: to, host: '127.0.0.1', method, path, headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.once('error', () => res.destroy())
      answer.pipe(res)
    })
    beyond.on('error', () => {
      if (res.headersSent) res.destroy()
      else res.writeHead(502, { 'content-type': 'text/plain' }).end('no answer from behind\n')
    })
    res.once('close', () => beyond.destroy())
    req.pipe(beyond)
  })
}

const BREAK_MILLIS = 50
