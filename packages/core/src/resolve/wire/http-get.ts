import { Agent, request, type IncomingMessage } from 'node:http'
import { request as secureRequest, Agent as SecureAgent } from 'node:https'
import { HoptraceError } from '../../errors.js'
import { deadlineIn } from '../deadline.js'
import type { AskersKeys } from '../../key/index.js'
import { sign } from './sign.js'

/** Bounds of one request. */
export interface GetLimits {
  readonly maxBytes: number
  /** Until the head of the answer is there, and between any two pieces of it. */
  readonly idleMillis: number
  /** For the whole. */
  readonly totalMillis: number
  /** On a connection of its own: behind one address another process may answer. */
  readonly fresh?: boolean
}

/** A GET client for live endpoints: no redirects, no compression, bounded in time and bytes. */
export class EndpointClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 8, timeout: 10_000 })
  private readonly secureAgent = new SecureAgent({
    keepAlive: true,
    maxSockets: 64,
    maxFreeSockets: 8,
    timeout: 10_000,
  })

  constructor(private readonly keys: AskersKeys) {}

  /** The body as text. Rejects with `HOPTRACE_INSTANCE_UNAVAILABLE`, `HOPTRACE_FORBIDDEN` or `HOPTRACE_BAD_ANSWER`. */
  async text(url: URL, limits: GetLimits, signal: AbortSignal): Promise<string> {
    const pieces: string[] = []
    for await (const piece of this.stream(url, limits, signal)) pieces.push(piece)
    return pieces.join('')
  }

  /** The body as it comes, decoded as UTF-8. */
  async *stream(
    url: URL,
    limits: GetLimits,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): AsyncGenerator<string> {
    // Not `AbortSignal.timeout`: within `AbortSignal.any` that is garbage to Node 20, and then never fires.
    const bounded = deadlineIn(limits.totalMillis, [signal])
    let response: IncomingMessage | undefined
    try {
      response = await this.head(url, limits, bounded.signal, headers)
      const { statusCode, headers: got } = response
      if (statusCode === 401 || statusCode === 403) {
        throw new HoptraceError(
          'HOPTRACE_FORBIDDEN',
          `${url.host} does not answer questions without the cluster key`,
        )
      }
      if (statusCode !== 200) throw bad(url, `answered ${statusCode}`)
      const encoding = got['content-encoding']
      if (encoding !== undefined && encoding !== 'identity') throw bad(url, `sent ${encoding}`)
      let bytes = 0
      response.setEncoding('utf8')
      for await (const piece of response as AsyncIterable<string>) {
        bytes += Buffer.byteLength(piece)
        if (bytes > limits.maxBytes) throw bad(url, `sent more than ${limits.maxBytes} bytes`)
        yield piece
      }
      if (!response.complete) throw bad(url, 'broke off')
    } catch (error) {
      throw error instanceof HoptraceError ? error : unavailable(url, error)
    } finally {
      bounded.clear()
      response?.destroy()
    }
  }

  /** Lets go of idle connections. */
  close(): void {
    this.agent.destroy()
    this.secureAgent.destroy()
  }

  private head(
    url: URL,
    limits: GetLimits,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>>,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const path = `${url.pathname}${url.search}`
      const keys = this.keys()
      const run = url.searchParams.get('run') ?? ''
      const signed = keys?.given === true ? sign(keys, { method: 'GET', host: '', run, target: path }) : {}
      const secure = url.protocol === 'https:'
      const options = {
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port,
        path,
        headers: {
          host: url.host,
          accept: 'application/json',
          'accept-encoding': 'identity',
          ...signed,
          ...headers,
        },
        signal,
        maxHeaderSize: 16_384,
      }
      const req = secure
        ? secureRequest({ ...options, agent: limits.fresh === true ? false : this.secureAgent })
        : request({ ...options, agent: limits.fresh === true ? false : this.agent })
      req.setTimeout(Math.max(1, limits.idleMillis), () =>
        req.destroy(new Error(`no answer within ${limits.idleMillis} ms`)),
      )
      req.once('response', resolve)
      req.once('error', (error) => reject(unavailable(url, error)))
      req.end()
    })
  }
}

function bad(url: URL, what: string): HoptraceError {
  return new HoptraceError('HOPTRACE_BAD_ANSWER', `${url.host} ${what}`)
}

function unavailable(url: URL, cause: unknown): HoptraceError {
  const text = cause instanceof Error ? cause.message : String(cause)
  return new HoptraceError('HOPTRACE_INSTANCE_UNAVAILABLE', `${url.host}: ${text}`, { cause })
}
