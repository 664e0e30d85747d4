import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, get, IncomingMessage, ServerResponse, type Server } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import { createConnection, type AddressInfo, type Server as NetServer, type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { readRun } from '../log/index.js'
import { createTracer, type Tracer } from '../tracer/tracer.js'
import { beginInbound } from './inbound.js'
import { observerKey } from './response-hooks.js'

async function openTracer(): Promise<Tracer & AsyncDisposable> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'hoptrace-inbound-'))
  const tracer = createTracer({ service: 'inbound', dataDir, store: { kind: 'memory' } })
  return Object.assign(tracer, {
    async [Symbol.asyncDispose]() {
      await tracer.close()
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 })
    },
  })
}

async function listen(server: NetServer): Promise<{ port: number } & AsyncDisposable> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      ;(server as Server).closeAllConnections?.()
      await closed
    },
  }
}

const bodyOf = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, (res) => {
      text(res).then(resolve, reject)
    }).on('error', reject)
  })

const tracing =
  (tracer: Tracer, handle: (req: IncomingMessage, res: ServerResponse) => void) =>
  (req: IncomingMessage, res: ServerResponse): void => {
    const inbound = beginInbound(tracer, req, res)
    if (inbound === undefined) handle(req, res)
    else inbound.run(() => handle(req, res))
  }

/** Bun writes each head by another of its methods. */
const methods = ['write', 'end', 'emit', 'bun' in process.versions ? 'writeHead' : '_storeHeader'] as const
const ownMethod = (prototype: object, name: string): unknown =>
  Object.getOwnPropertyDescriptor(prototype, name)?.value as unknown
const own = (): unknown[] => [
  ...methods.map((name) => ownMethod(ServerResponse.prototype, name)),
  ownMethod(IncomingMessage.prototype, 'emit'),
]

describe('an inbound request', () => {
  it('is observed by methods that are taken off when the last tracer has closed', async () => {
    const before = own()
    {
      await using tracer = await openTracer()
      await using other = await openTracer()
      await using server = await listen(createServer(tracing(tracer, (_, res) => void res.end('ok'))))
      await bodyOf(server.port)
      const wrapped = own()
      for (const [i, method] of wrapped.entries()) expect(method).not.toBe(before[i])
      await other.close()
      expect(own()).toEqual(wrapped)
    }
    expect(own()).toEqual(before)
  })

  it('has the arguments that a wrapper which stood before ours is to see', async () => {
    const prototype = ServerResponse.prototype as unknown as Record<string, (...args: unknown[]) => unknown>
    const seen: unknown[] = []
    const originals = ['writeHead', 'write', 'end'].map((name) => {
      const original = prototype[name] as (...args: unknown[]) => unknown
      const was = Object.getOwnPropertyDescriptor(prototype, name)
      prototype[name] = function (...args) {
        seen.push([name, args.length])
        return original.apply(this, args)
      }
      return { name, was }
    })
    try {
      await using tracer = await openTracer()
      const handle = (_: IncomingMessage, res: ServerResponse): void => {
        res.writeHead(200)
        res.write('o')
        res.write('k', 'latin1')
        res.end()
      }
      await using server = await listen(createServer(tracing(tracer, handle)))
      expect(await bodyOf(server.port)).toBe('ok')
      expect(seen).toEqual([
        ['writeHead', 1],
        ['write', 1],
        ['write', 2],
        ['end', 0],
      ])
    } finally {
      for (const { name, was } of originals) {
        if (was === undefined) Reflect.deleteProperty(prototype, name)
        else Object.defineProperty(prototype, name, was)
      }
    }
  })

  it("uses what Node's classes inherit as it is now", async () => {
    await using tracer = await openTracer()
    await using server = await listen(createServer(tracing(tracer, (_, res) => void res.end('ok'))))
    await bodyOf(server.port)
    const parent = Object.getPrototypeOf(IncomingMessage.prototype) as Pick<IncomingMessage, 'emit'>
    const emit = Reflect.get(parent, 'emit')
    let emitted = 0
    parent.emit = function (this: unknown, ...args: unknown[]) {
      if (this instanceof IncomingMessage) emitted++
      return Reflect.apply(emit, this, args) as boolean
    }
    try {
      await bodyOf(server.port)
    } finally {
      Reflect.deleteProperty(parent, 'emit')
    }
    expect(emitted).toBeGreaterThan(0)
  })

  it.each<[string, (req: IncomingMessage, res: ServerResponse) => void]>([
    [
      'nothing can be kept on it',
      (req) => void Object.defineProperty(req, observerKey, { get: () => undefined }),
    ],
    ['its response has ended', (_, res) => void res.end('ok')],
    ['its connection is gone', (_, res) => void res.destroy()],
    ['its response tells of nothing', (_, res) => void Object.assign(res, { emit: undefined })],
  ])('begins no hop where %s', async (_, spoil) => {
    await using tracer = await openTracer()
    const seen: unknown[] = []
    const server = createServer((req, res) => {
      spoil(req, res)
      seen.push(beginInbound(tracer, req, res), tracer.currentRun.openHops)
      if (Object.hasOwn(res, 'emit')) Reflect.deleteProperty(res, 'emit')
      if (!res.writableEnded) res.end('ok')
    })
    await using listening = await listen(server)
    await bodyOf(listening.port).catch(() => undefined)
    expect(seen).toEqual([undefined, 0])
  })

  it('of HTTP/2 carries our header, and its application sees its own alone', async () => {
    await using tracer = await openTracer()
    const seen: unknown[] = []
    const handle = (req: IncomingMessage, res: ServerResponse): void => {
      const { hop } = tracer
      res.setHeader('x-own', '1')
      req.on('data', () => seen.push(tracer.hop === hop))
      req.on('end', () => {
        seen.push(tracer.hop === hop, res.getHeaderNames())
        res.end('ok')
        seen.push(hop?.closed, res.getHeaderNames())
      })
    }
    const server = createHttp2Server((req, res) =>
      tracing(tracer, handle)(req as unknown as IncomingMessage, res as unknown as ServerResponse),
    )
    await using listening = await listen(server)
    const client = connect(`http://127.0.0.1:${listening.port}`)
    try {
      const stream = client.request({ ':method': 'POST', ':path': '/' })
      const headers = new Promise<Record<string, unknown>>((resolve) => stream.on('response', resolve))
      stream.end('body')
      expect(await headers).toMatchObject({ 'x-own': '1', traceresponse: expect.any(String) as unknown })
      expect(await text(stream)).toBe('ok')
    } finally {
      client.destroy()
    }
    // Node itself adds the status.
    expect(seen).toEqual([true, true, ['x-own'], true, ['x-own', ':status']])
  })

  it('is aborted where its handler answers the error of its body, which the caller did not send to its end', async () => {
    await using tracer = await openTracer()
    let answers = 0
    const handle = (req: IncomingMessage, res: ServerResponse): void => {
      req.resume().on('error', () => {
        res.statusCode = 400
        res.end('broken')
        answers++
      })
    }
    await using server = await listen(createServer(tracing(tracer, handle)))
    const client = createConnection(server.port, '127.0.0.1')
    client.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf')
    await expect.poll(() => tracer.currentRun.openHops).toBe(1)
    client.destroy()
    await expect.poll(() => answers).toBe(1)
    const runs = path.join(tracer.settings.dataDir, 'logs', 'inbound')
    const { hops } = await readRun(path.join(runs, (await readdir(runs))[0] ?? ''))
    expect(hops).toMatchObject([{ state: 'closed', status: 400, aborted: true }])
  })

  it.each([
    ['this process', (res: ServerResponse) => void res.destroy()],
    ['the caller', (_: ServerResponse, client: Socket) => void client.resetAndDestroy()],
  ])('ends with its connection while its response waits for an earlier one: %s ends it', async (who, end) => {
    await using tracer = await openTracer()
    const responses: ServerResponse[] = []
    await using server = await listen(createServer(tracing(tracer, (_, res) => void responses.push(res))))
    const client = createConnection(server.port, '127.0.0.1').on('error', () => undefined)
    client.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n')
    await expect.poll(() => responses.length).toBe(2)
    const [one, other] = responses as [ServerResponse, ServerResponse]
    expect(other.socket).toBeNull()
    expect(tracer.currentRun.openHops).toBe(2)
    const closed = new Promise((resolve) => one.once('close', resolve))
    end(one, client)
    await closed
    // What the handler does for a caller that has left belongs to its hop until it answers.
    if (who === 'the caller') for (const res of [one, other]) res.end()
    await expect.poll(() => tracer.currentRun.openHops).toBe(0)
  })
})
