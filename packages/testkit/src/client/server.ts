import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { listen, type Listening } from '../adapter/exchange.js'

/** A request that the kit's server received. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/** A server for clients to call. It keeps the requests that it received, and answers by path. */
export interface KitServer extends Listening {
  readonly seen: readonly SeenRequest[]
}

/** The `hoptrace` header of `/served-by`, without a proof. */
export const SERVED_BY = '18ea626ac4c834a600000a0000010fa0;inventory;10.0.0.1:4000;00000000000000ff'

/** The id that a request assigns to its callee. */
export const assignedTo = (request: SeenRequest | undefined): string | undefined =>
  /^hoptrace=([0-9a-f]{32})-/.exec(String(request?.headers['tracestate']))?.[1]

type Answer = (res: ServerResponse, req: IncomingMessage) => void

const answers: Record<string, Answer> = {
  '/ok': (res) => res.writeHead(200, { 'content-type': 'application/json', 'x-kit': '1' }).end('{"ok":true}'),
  '/created': (res) => res.writeHead(201).end('made'),
  '/missing': (res) => res.writeHead(404).end('no'),
  '/failing': (res) => res.writeHead(503).end('down'),
  '/reset': (res) => res.socket?.resetAndDestroy(),
  '/never': () => undefined,
  '/hop-1': (res) => res.writeHead(302, { location: '/hop-2' }).end(),
  '/hop-2': (res) => res.writeHead(307, { location: '/ok' }).end(),
  '/broken-off': (res) => {
    res.writeHead(200, { 'content-length': '1000' })
    res.write('half')
    setTimeout(() => res.socket?.destroy(), 10)
  },
  '/streamed': (res) => {
    res.writeHead(200, { 'content-type': 'text/plain' })
    res.write('one ')
    setTimeout(() => res.end('two'), 10)
  },
  '/served-by': (res) => res.writeHead(200, { hoptrace: SERVED_BY }).end('ok'),
  '/hostile': (res) => {
    res.writeHead(200, {
      hoptrace: `${'f'.repeat(32)};${'x'.repeat(3000)};1.2.3.4:5`,
      traceparent: 'x'.repeat(3000),
    })
    res.end('ok')
  },
  '/hostile-list': (res) => res.writeHead(200, { hoptrace: [SERVED_BY, SERVED_BY] }).end('ok'),
}

/** Starts the server. `onRequest` runs before an answer is sent, and delays the answer until it resolves. */
export async function startKitServer(
  onRequest?: (request: SeenRequest) => Promise<void>,
): Promise<KitServer> {
  const seen: SeenRequest[] = []
  const receive = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    let body = ''
    for await (const chunk of req) body += String(chunk)
    const request = { method: req.method ?? '', path: req.url ?? '', headers: req.headers, body }
    seen.push(request)
    await onRequest?.(request)
    const answer = answers[request.path.replace(/\?.*$/, '')]
    if (answer === undefined) res.writeHead(404).end()
    else answer(res, req)
  }
  const server = http.createServer((req, res) => {
    receive(req, res).catch(() => res.destroy())
  })
  return Object.assign(await listen(server), { seen })
}

/** A closed port of this host. */
export async function closedPort(): Promise<number> {
  const listening = await listen(http.createServer())
  await listening[Symbol.asyncDispose]()
  return listening.port
}
