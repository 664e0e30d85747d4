import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beginInbound, createTracer, type Tracer, type TracerOptions } from '../index.js'
import { call } from './call.fixture.js'

/**
 * An application that answers from what it is asked alone, and records as much as it may. With `bare` it is the same
 * application without a tracer.
 */
const { bare, ...options } = JSON.parse(process.argv[2] ?? '{}') as TracerOptions & { readonly bare: boolean }
const tracer = bare ? undefined : createTracer(options)
let release = (): void => undefined
const gate = new Promise<void>((resolve) => (release = resolve))

/** `/work?n=<n>[&to=<url>]`: 500 for each n that ends with 7. `/wait` answers when it is released. */
async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://localhost')
  const n = url.searchParams.get('n') ?? ''
  const hop = tracer?.hop
  hop?.setAttributes({ n, about: 'a'.repeat(50) })
  hop?.event('work.begun', { n, text: 'b'.repeat(50) })
  const to = url.searchParams.get('to')
  const seen = to === null ? '' : String(await call(tracer, to).catch(() => 'nothing'))
  if (url.pathname === '/wait') {
    process.send?.({ reached: true })
    await gate
  } else if (url.pathname !== '/work') {
    res.writeHead(404).end('no such place')
    return
  }
  hop?.event('work.done')
  if (n.endsWith('7')) {
    hop?.fail(new RangeError(`seven ends ${n}`))
    res.writeHead(500, { 'content-type': 'text/plain' }).end(`cannot do ${n}`)
  } else res.writeHead(200, { 'content-type': 'text/plain', 'x-seen': seen }).end(`did ${n}`)
}

function traced(by: Tracer, req: IncomingMessage, res: ServerResponse): void {
  const inbound = beginInbound(by, req, res)
  inbound?.route('/work')
  void (inbound === undefined ? answer(req, res) : inbound.run(() => answer(req, res)))
}

const server = createServer((req, res) => {
  if (tracer === undefined) void answer(req, res)
  else traced(tracer, req, res)
})
server.listen(0, '127.0.0.1', () => process.send?.({ ready: (server.address() as AddressInfo).port }))

async function obey(order: string): Promise<unknown> {
  switch (order) {
    case 'stats':
      return tracer?.stats()
    case 'flush':
      return tracer?.flush()
    case 'release':
      return release()
    case 'heap': {
      const { gc } = globalThis as { gc?: () => void }
      gc?.()
      gc?.()
      return process.memoryUsage().heapUsed
    }
    default:
      return undefined
  }
}

process.on('message', ({ id, order }: { id: number; order: { do: string } }) => {
  obey(order.do).then(
    (value) => process.send?.({ id, value: value ?? null }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
