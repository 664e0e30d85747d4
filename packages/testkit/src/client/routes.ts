import { createServer, request as send, type Server } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect } from 'vitest'
import { listen } from '../adapter/exchange.js'
import { openKitTracer } from '../adapter/kit-tracer.js'
import { sendInHop } from './in-hop.js'
import { assignedTo, closedPort, startKitServer } from './server.js'
import type { ClientSubject } from './subject.js'
import { itWhere } from './where.js'

/** A forward proxy for plain HTTP: the request line has the whole URL. */
function forwardProxy(): Server {
  return createServer((req, res) => {
    const { hostname, port, pathname } = new URL(req.url ?? '')
    const onward = send({ hostname, port, path: pathname, method: req.method, headers: req.headers })
    onward.on('response', (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
    onward.on('error', () => res.writeHead(502).end())
    req.pipe(onward)
  })
}

/** A call records the target, and what was dialled to reach it. */
export function testRoutes(subject: ClientSubject): void {
  const supported = subject.supports.routes === true

  describe('records what was dialled instead of the target:', () => {
    itWhere(supported, 'a forward proxy', async () => {
      await using server = await startKitServer()
      await using proxy = await listen(forwardProxy())
      await using kit = await openKitTracer()
      const request = {
        method: 'GET',
        url: `${server.url}/ok`,
        proxy: { host: '127.0.0.1', port: proxy.port },
      }
      const { calls } = await sendInHop(subject, kit, request)
      expect(calls).toMatchObject([
        { target: `127.0.0.1:${server.port}`, via: `127.0.0.1:${proxy.port}`, outcome: '200' },
      ])
      expect(assignedTo(server.seen[0])).toBe(calls[0]?.hopId)
    })

    itWhere(supported, 'a forward proxy that refuses', async () => {
      await using kit = await openKitTracer()
      const port = await closedPort()
      const request = { method: 'GET', url: 'http://10.1.2.3:4000/ok', proxy: { host: '127.0.0.1', port } }
      const { calls } = await sendInHop(subject, kit, request)
      expect(calls).toMatchObject([
        { target: '10.1.2.3:4000', via: `127.0.0.1:${port}`, outcome: 'ECONNREFUSED' },
      ])
    })

    itWhere(supported, 'a socket, and a socket without a listener', async () => {
      await using kit = await openKitTracer()
      const dir = await mkdtemp(path.join(os.tmpdir(), 'hoptrace-kit-'))
      const socketPath = path.join(dir, 'kit.sock')
      const server = createServer((_, res) => res.end('ok'))
      await new Promise<void>((resolve) => server.listen(socketPath, resolve))
      try {
        const good = await sendInHop(subject, kit, { method: 'GET', url: 'http://localhost/ok', socketPath })
        expect(good.calls).toMatchObject([
          { target: 'localhost:80', via: `unix:${socketPath}`, outcome: '200' },
        ])
        const missing = path.join(dir, 'none.sock')
        const request = { method: 'GET', url: 'http://localhost/ok', socketPath: missing }
        const bad = await sendInHop(subject, kit, request)
        expect(bad.calls).toMatchObject([
          { target: 'localhost:80', via: `unix:${missing}`, outcome: 'ENOENT' },
        ])
      } finally {
        server.closeAllConnections()
        server.close()
        await rm(dir, { recursive: true, force: true })
      }
    })

    itWhere(true, 'nothing, if the target itself was dialled', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const { calls } = await sendInHop(subject, kit, { method: 'GET', url: `${server.url}/ok` })
      expect(calls).toMatchObject([{ via: null, outcome: '200' }])
    })
  })
}
