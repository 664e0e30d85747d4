import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import fc from 'fast-check'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Row, Store } from '../contract.js'
import { decodeCellSet, encodeCellSet, protobufType } from './rest-messages.js'
import { restStore } from './rest-store.js'

const column = Buffer.from('h:v')
const range = { from: Buffer.of(1), to: Buffer.of(9), limit: 10 }
const row: Row = { key: Buffer.of(1, 0xff, 0), value: Buffer.of(0, 0x80, 0xff) }

type Answer = (req: IncomingMessage, res: ServerResponse) => void

/** A gateway with one row, of which a test replaces some answers by `METHOD /path`. */
class Gateway {
  readonly seen: string[] = []
  readonly answers = new Map<string, Answer>()
  private readonly server: Server
  private scanners = 0

  constructor() {
    this.server = createServer((req, res) => {
      const what = `${req.method} ${req.url?.split('?')[0]}`
      this.seen.push(what)
      req.resume().on('end', () => (this.answers.get(what) ?? ((q, r) => this.usual(q, r)))(req, res))
    })
  }

  async listen(): Promise<Store> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    const address = this.server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const store = restStore({
      transport: 'http',
      hosts: [`127.0.0.1:${port}`],
      table: 't',
      buckets: 1,
      ttlSeconds: undefined,
      create: true,
    })
    onTestFinished(async () => {
      await store.close()
      this.server.closeAllConnections()
      this.server.close()
    })
    return store
  }

  usual(req: IncomingMessage, res: ServerResponse): void {
    const { method, url = '' } = req
    if (url === '/version/rest') res.end('{"REST":"0.0.3","Server":"jetty"}')
    else if (url === '/t/schema') res.end('{}')
    else if (url === '/t/scanner') {
      res.writeHead(201, { location: `http://elsewhere:1/t/scanner/s${++this.scanners}` }).end()
    } else if (method === 'GET') {
      res.writeHead(200, { 'content-type': protobufType }).end(encodeCellSet([row], column))
    } else res.end()
  }
}

describe('a store through a gateway', () => {
  let gateway: Gateway
  afterEach(() => gateway.answers.clear())

  it('deletes each scanner, at its own gateway whatever an answer says', async () => {
    gateway = new Gateway()
    const store = await gateway.listen()
    expect(await store.scan(range)).toEqual([row])
    await store.close()
    expect(gateway.seen.slice(-3)).toEqual(['PUT /t/scanner', 'GET /t/scanner/s1', 'DELETE /t/scanner/s1'])
  })

  it('deletes a scanner that was given up before its name was known', async () => {
    gateway = new Gateway()
    const store = await gateway.listen()
    const asked = new AbortController()
    gateway.answers.set('PUT /t/scanner', (req, res) => {
      asked.abort(new Error('enough'))
      setTimeout(() => gateway.usual(req, res), 50)
    })
    await expect(store.scan({ ...range, signal: asked.signal })).rejects.toThrow('enough')
    await expect.poll(() => gateway.seen.at(-1)).toBe('DELETE /t/scanner/s1')
  })

  it('retries a failure, and continues with a new scanner if one is lost', async () => {
    gateway = new Gateway()
    const store = await gateway.listen()
    let failures = 2
    gateway.answers.set('PUT /t/rows', (_req, res) => {
      res.writeHead(failures-- > 0 ? 503 : 200).end()
    })
    await store.put([row])
    expect(gateway.seen.filter((what) => what === 'PUT /t/rows')).toHaveLength(3)
    gateway.answers.set('GET /t/scanner/s1', (_req, res) => void res.writeHead(410).end())
    expect(await store.scan(range)).toEqual([row])
  })

  it('takes no other server for a gateway, and its 200 for no acknowledgement', async () => {
    gateway = new Gateway()
    const store = await gateway.listen()
    gateway.answers.set('GET /version/rest', (_req, res) => void res.end('<html>welcome</html>'))
    await expect(store.put([row])).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
    expect(gateway.seen).toEqual(['GET /version/rest'])
  })

  it.each([
    ['nonsense', Buffer.from('not a message')],
    ['half a message', encodeCellSet([row], column).subarray(0, 9)],
    ['more than was asked for', Buffer.alloc(33 << 20)],
  ])('rejects %s', async (_name, body) => {
    gateway = new Gateway()
    const store = await gateway.listen()
    gateway.answers.set('GET /t/scanner/s1', (_req, res) => void res.end(body))
    for (let n = 2; n < 10; n++) {
      gateway.answers.set(`GET /t/scanner/s${n}`, (_req, res) => void res.end(body))
    }
    await expect(store.scan(range)).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
  })
})

describe('messages of a gateway', () => {
  it('carry any rows', () => {
    const bytes = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(fc.array(fc.record({ key: bytes, value: bytes }), { maxLength: 20 }), (rows) => {
        const told = decodeCellSet(encodeCellSet(rows, column), column)
        expect(told.map(({ key, value }) => [[...key], [...value]])).toEqual(
          rows.map(({ key, value }) => [[...key], [...value]]),
        )
      }),
    )
  })

  it('that are damaged are rejected, or read as something, never worse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeCellSet(Buffer.from(bytes), column)
        } catch (error) {
          expect(error).toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
        }
      }),
      { numRuns: 2000 },
    )
  })
})
