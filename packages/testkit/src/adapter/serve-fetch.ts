import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { listen, type Listening } from './exchange.js'

/** As `Bun.serve` and `Deno.serve` take it. */
export type ServedFetch = (request: Request, given: unknown) => Response | Promise<Response>

/**
 * Serves a handler on a free port of 127.0.0.1 by the runtime's own server: `Bun.serve`, `Deno.serve`, and on Node a server of
 * `node:http` that gives what Bun's gives. An error of the handler is answered with status 500, once `onError` has it.
 */
export async function serveFetch(
  fetch: ServedFetch,
  onError: (error: unknown) => void = () => undefined,
): Promise<Listening> {
  const failed = (error: unknown): Response => {
    onError(error)
    return new Response('failed', { status: 500 })
  }
  const { Bun, Deno } = globalThis as unknown as Runtimes
  const on = { hostname: '127.0.0.1', port: 0 }
  if (Bun !== undefined) {
    const server = Bun.serve({ ...on, fetch, error: failed })
    return listening(server.port, () => server.stop(true))
  }
  if (Deno !== undefined) {
    const abort = new AbortController()
    const server = Deno.serve(
      { ...on, onListen: () => undefined, onError: failed, signal: abort.signal },
      fetch,
    )
    return listening(server.addr.port, async () => {
      abort.abort()
      await server.finished
    })
  }
  return listen(createServer((req, res) => void bridge(req, res, fetch, failed)))
}

interface Runtimes {
  readonly Bun?: { serve(options: object): { readonly port: number; stop(closeAll: boolean): Promise<void> } }
  readonly Deno?: {
    serve(
      options: object,
      fetch: ServedFetch,
    ): { readonly addr: { port: number }; readonly finished: Promise<void> }
  }
}

function listening(port: number, close: () => Promise<void>): Listening {
  return { port, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close }
}

async function bridge(
  req: IncomingMessage,
  res: ServerResponse,
  fetch: ServedFetch,
  failed: (error: unknown) => Response,
): Promise<void> {
  const abort = new AbortController()
  res.on('close', () => {
    if (!res.writableFinished) abort.abort()
  })
  const { method = 'GET', url = '/', headers, socket } = req
  const bodiless = method === 'GET' || method === 'HEAD'
  const request = new Request(new URL(url, 'http://127.0.0.1'), {
    method,
    headers: Object.entries(headers).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, String(one)]),
    ),
    signal: abort.signal,
    ...(bodiless ? {} : { body: Readable.toWeb(req) as ReadableStream, duplex: 'half' }),
  })
  const { server } = socket as unknown as { readonly server: { address(): AddressInfo } }
  const address = server.address()
  const requestIP = () => ({ address: socket.remoteAddress, port: socket.remotePort })
  let response: Response
  try {
    response = await fetch(request, { address, requestIP })
  } catch (error) {
    response = failed(error)
  }
  res.writeHead(response.status, [...response.headers].flat())
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      if (res.destroyed) break
      if (!res.write(chunk)) await Promise.race([once(res, 'drain'), once(res, 'close')])
    }
    res.end()
  } catch {
    res.destroy()
  }
}
