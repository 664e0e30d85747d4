import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beginInbound, createTracer, type TracerOptions } from '../index.js'
import { call } from './call.fixture.js'

/** The arguments of a process of the tests. */
export interface ServiceConfig extends Omit<TracerOptions, 'store' | 'registry' | 'trust' | 'redact'> {
  readonly store?: { readonly kind: 'level'; readonly dir?: string } | { readonly kind: 'memory' }
  /** 0 for any; left out for a process that does not listen. */
  readonly port?: number
  /** What it listens on. @default 127.0.0.1 */
  readonly host?: string
  /** The application has its own process-wide handlers. */
  readonly handles?: readonly ('uncaughtException' | 'SIGTERM')[]
  /** `pressed.fixture.ts`: without a tracer. */
  readonly bare?: boolean
  /** Its handler of exceptions exits with this code. */
  readonly exitsWhenCaught?: number
}

/** What it can be asked to do. */
export type Order =
  | { readonly do: 'listen'; readonly port: number }
  | {
      readonly do: 'job'
      readonly name: string
      readonly headers?: Record<string, string>
      readonly publish?: string
    }
  | { readonly do: 'hanging-job'; readonly name: string; readonly headers?: Record<string, string> }
  | { readonly do: 'burst'; readonly hops: number }
  | { readonly do: 'flush' | 'stats' | 'close' | 'listeners' | 'kill' | 'caught' }
  | { readonly do: 'exit'; readonly code: number }
  | { readonly do: 'release'; readonly status: number }

const config = JSON.parse(process.argv[2] ?? '{}') as ServiceConfig
const { port, host = '127.0.0.1', handles = [], exitsWhenCaught, ...options } = config
const tracer = createTracer(options)

let caught = 0
let release = (_status: number): void => undefined

function onCaught(): void {
  caught++
  if (exitsWhenCaught !== undefined) process.exit(exitsWhenCaught)
}

for (const name of handles) {
  if (name === 'uncaughtException') process.on('uncaughtException', onCaught)
  else process.on('SIGTERM', () => process.exit(0))
}

/** `/call?to=<url>` calls on and answers with what came back; the other paths are ways to end, or not to. */
async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://localhost')
  const millis = Number(url.searchParams.get('millis'))
  if (url.pathname === '/stall') {
    // Nothing of its hop is in the log yet.
    block(millis)
    process.kill(process.pid, 'SIGKILL')
  }
  tracer.hop?.setKey('orderId', url.searchParams.get('order') ?? 'none')
  switch (url.pathname) {
    case '/call': {
      const timeout = url.searchParams.get('timeout')
      const to = url.searchParams.get('to') ?? ''
      const status = await call(tracer, to, timeout === null ? undefined : Number(timeout)).catch(() => 502)
      res.writeHead(status).end(tracer.hop?.id)
      return
    }
    case '/hang':
      tracer.hop?.event('hanging')
      process.send?.({ reached: true })
      return
    case '/wait':
      tracer.hop?.event('waiting')
      process.send?.({ reached: true })
      res.writeHead(await new Promise<number>((resolve) => (release = resolve))).end()
      return
    case '/block':
      block(millis)
      res.end()
      return
    case '/throw':
      tracer.hop?.event('before.throw')
      setImmediate(() => {
        throw new RangeError('boom')
      })
      return
    case '/reject':
      void Promise.reject(new TypeError('nobody caught this'))
      return
    case '/abort':
      return process.abort()
    case '/exit':
      return process.exit(Number(url.searchParams.get('code')))
    default:
      res.end(`${tracer.hop?.id} ${process.pid}`)
  }
}

/** The event loop does not turn for this long. */
function block(millis: number): void {
  const until = performance.now() + millis
  while (performance.now() < until);
}

function listen(on: number): Promise<number> {
  const server = createServer((req, res) => {
    const inbound = beginInbound(tracer, req, res)
    inbound?.route((req.url ?? '').split('?')[0] ?? '/')
    const handle = (): Promise<void> => answer(req, res)
    void (inbound === undefined ? handle() : inbound.run(handle))
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(on, host, () => resolve((server.address() as AddressInfo).port))
  })
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'listen':
      return listen(order.port)
    case 'job': {
      const { name, headers, publish } = order
      return tracer.run({ name, ...(headers === undefined ? {} : { headers }) }, async () => {
        tracer.hop?.event('job.done')
        if (publish === undefined) return { id: tracer.hop?.id }
        const message = tracer.hop?.call(publish)
        return { id: tracer.hop?.id, headers: message?.headers, callee: message?.hopId }
      })
    }
    case 'hanging-job': {
      const { name, headers } = order
      return new Promise((resolve) => {
        void tracer.run({ name, ...(headers === undefined ? {} : { headers }) }, () => {
          tracer.hop?.event('job.begun')
          resolve({ id: tracer.hop?.id })
          return new Promise(() => undefined)
        })
      })
    }
    case 'burst': {
      for (let i = 0; i < order.hops; i++)
        tracer.run({ name: 'burst' }, () => tracer.hop?.event('tick', { i }))
      return tracer.stats()
    }
    case 'flush':
      return tracer.flush()
    case 'stats':
      return tracer.stats()
    case 'close':
      return tracer.close()
    case 'release':
      return release(order.status)
    case 'caught':
      return caught
    case 'exit':
      return process.exit(order.code)
    case 'kill':
      return process.kill(process.pid, 'SIGKILL')
    case 'listeners':
      return Object.fromEntries(
        ['SIGTERM', 'SIGINT', 'SIGHUP', 'uncaughtException'].map((name) => [
          name,
          process.listenerCount(name),
        ]),
      )
  }
}

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  obey(order).then(
    (value) => process.send?.({ id, value: value ?? null }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
const listening = port === undefined ? 0 : await listen(port)
process.send?.({ ready: listening })
