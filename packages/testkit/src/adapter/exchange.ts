import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A request of the kits, sent over `node:http`, which adds and follows nothing. */
export interface KitRequest {
  readonly method?: string
  /** Sent unchanged, even if it is malformed. */
  readonly path: string
  readonly headers?: OutgoingHttpHeaders | readonly string[]
  /** A list is sent part by part, 10 ms apart. */
  readonly body?: string | Buffer | readonly string[]
  readonly agent?: http.Agent
}

/** Everything that a client can see of a response. */
export interface KitResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: IncomingHttpHeaders
  /** Names and values as received, in order. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  readonly trailers: NodeJS.Dict<string>
}

/** Sends a request to a port of this host and reads the response to its end. */
export function exchange(port: number, request: KitRequest): Promise<KitResponse> {
  const { method = 'GET', path, headers = {}, body, agent = false } = request
  return new Promise((resolve, reject) => {
    const sent = http.request({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: headers as OutgoingHttpHeaders,
      agent,
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          statusText: response.statusMessage ?? '',
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          body: Buffer.concat(chunks),
          trailers: response.trailers,
        }),
      )
    })
    if (typeof body === 'string' || Buffer.isBuffer(body)) sent.end(body)
    else writeParts(sent, body ?? []).catch(reject)
  })
}

async function writeParts(sent: http.ClientRequest, parts: readonly string[]): Promise<void> {
  for (const part of parts) {
    sent.write(part)
    await sleep(10)
  }
  sent.end()
}

/** A server that listens on a free port of this host. */
export interface Listening {
  readonly port: number
  readonly url: string
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts to listen; disposing ends its connections too. */
export async function listen(server: http.Server): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const OURS = new Set(['hoptrace', 'traceresponse'])

/** `Deno.serve` writes `content-type` if it is the only header, and else `Content-Type`. */
const isDeno = 'deno' in process.versions

/**
 * The part of a response that must be the same with and without tracing. Only the date may differ by itself.
 */
export function comparable(response: KitResponse): object {
  const headers: string[] = []
  for (let i = 0; i < response.rawHeaders.length; i += 2) {
    const name = (response.rawHeaders[i] as string).toLowerCase()
    if (OURS.has(name)) continue
    headers.push(
      `${isDeno ? name : response.rawHeaders[i]}: ${name === 'date' ? '' : response.rawHeaders[i + 1]}`,
    )
  }
  const { status, statusText, body, trailers } = response
  return { status, statusText, headers: headers.sort(), body: body.toString('latin1'), trailers }
}
