import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as secureRequest, Agent as SecureAgent } from 'node:https'
import { hostname } from 'node:os'
import { AskPlaces, type AskPlace } from '../../ask/ask-place.js'
import { ASKER_HEADER, askPrefix, SECRET_HEADER } from '../../ask/names.js'
import { SocketAgent } from '../../ask/socket-agent.js'
import { HoptraceError } from '../../base/errors.js'
import { textOf } from '../../base/message.js'
import type { InstanceRow } from '../../record/instance-row.js'
import { deadlineIn } from '../../base/deadline.js'
import type { AskersKeys } from '../../key/index.js'
import { sign } from '../../ask/sign.js'

/** Bounds of one request. */
export interface GetLimits {
  readonly maxBytes: number
  /** Until the head of the answer is there, and between any two pieces of it. */
  readonly idleMillis: number
  /** For the whole. */
  readonly totalMillis: number
}

/**
 * What a run is asked: `hops/<id>`, `keys`, `range` …, and its parameters; those without a value are left
 * out.
 */
export interface Question {
  readonly path: string
  readonly query: Readonly<Record<string, string | number | bigint | undefined>>
}

const kept = { keepAlive: true, maxSockets: 64, maxFreeSockets: 8, timeout: 10_000 }
let askers = 0

/**
 * Asks living runs: by their sockets, or at their addresses. No redirects, no compression, bounded in time
 * and bytes.
 */
export class EndpointClient {
  private readonly socketAgent = new SocketAgent(kept)
  private readonly agent = new Agent(kept)
  private readonly secureAgent = new SecureAgent(kept)
  private readonly places: AskPlaces
  private readonly asker = `${hostname()}/${process.pid}/${++askers}`

  /**
   * `dataDir`: runs whose directories are below it are asked there. Others need given keys, which sign
   * questions.
   */
  constructor(
    dataDir: string,
    private readonly keys: AskersKeys,
  ) {
    this.places = new AskPlaces(dataDir, () => this.keys()?.given === true)
  }

  /** How this run can be asked, or undefined. */
  async place(row: InstanceRow): Promise<AskPlace | undefined> {
    return row.state === 'running' ? this.places.of(row) : undefined
  }

  /**
   * The body as text. Rejects with `HOPTRACE_INSTANCE_UNAVAILABLE`, `HOPTRACE_FORBIDDEN` or
   * `HOPTRACE_BAD_ANSWER`.
   */
  async text(place: AskPlace, question: Question, limits: GetLimits, signal: AbortSignal): Promise<string> {
    const pieces: string[] = []
    for await (const piece of this.stream(place, question, limits, signal)) pieces.push(piece)
    return pieces.join('')
  }

  /** The body as it comes, decoded as UTF-8. */
  async *stream(
    place: AskPlace,
    question: Question,
    limits: GetLimits,
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    // Not `AbortSignal.timeout`: within `AbortSignal.any` that is garbage to Node 20, and then never fires.
    const bounded = deadlineIn(limits.totalMillis, [signal])
    let response: IncomingMessage | undefined
    try {
      response = await this.head(place, question, limits, bounded.signal)
      const { statusCode, headers: got } = response
      if (statusCode === 401 || statusCode === 403) {
        throw new HoptraceError(
          'HOPTRACE_FORBIDDEN',
          `${nameOf(place)} does not answer questions without the cluster key`,
        )
      }
      if (statusCode !== 200) throw bad(place, `answered ${statusCode}`)
      const encoding = got['content-encoding']
      if (encoding !== undefined && encoding !== 'identity') throw bad(place, `sent ${encoding}`)
      let bytes = 0
      response.setEncoding('utf8')
      for await (const piece of response as AsyncIterable<string>) {
        bytes += Buffer.byteLength(piece)
        if (bytes > limits.maxBytes) throw bad(place, `sent more than ${limits.maxBytes} bytes`)
        yield piece
      }
      if (!response.complete) throw bad(place, 'broke off')
    } catch (error) {
      throw error instanceof HoptraceError ? error : unavailable(place, error)
    } finally {
      bounded.clear()
      response?.destroy()
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.socketAgent.destroy()
    this.agent.destroy()
    this.secureAgent.destroy()
  }

  private head(
    place: AskPlace,
    question: Question,
    limits: GetLimits,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const path = pathOf(place, question)
      const options: RequestOptions = {
        path,
        headers: {
          accept: 'application/json',
          'accept-encoding': 'identity',
          [ASKER_HEADER]: this.asker,
        },
        signal,
        maxHeaderSize: 16_384,
      }
      const req = this.request(place, path, options)
      req.setTimeout(Math.max(1, limits.idleMillis), () =>
        req.destroy(new Error(`no answer within ${limits.idleMillis} ms`)),
      )
      req.once('response', resolve)
      req.once('error', (error) => reject(unavailable(place, error)))
      req.end()
    })
  }

  private signed({ run, host }: AskPlace & { kind: 'remote' }, target: string): Record<string, string> {
    const keys = this.keys()
    return keys?.given === true ? sign(keys, { method: 'GET', host, run, target }) : {}
  }

  private request(place: AskPlace, path: string, options: RequestOptions): ReturnType<typeof request> {
    const { headers } = options as { headers: Record<string, string> }
    switch (place.kind) {
      case 'socket':
        return request({
          ...options,
          socketPath: place.path,
          agent: this.socketAgent,
          headers: { ...headers, host: 'localhost' },
        })
      case 'loopback':
        return request({
          ...options,
          host: '127.0.0.1',
          port: place.port,
          agent: this.agent,
          headers: { ...headers, host: 'localhost', [SECRET_HEADER]: place.secret },
        })
      case 'remote': {
        const { base } = place
        const there = {
          ...options,
          host: base.hostname.replace(/^\[|\]$/g, ''),
          port: base.port,
          headers: { ...headers, host: base.host, ...this.signed(place, path) },
        }
        return base.protocol === 'https:'
          ? secureRequest({ ...there, agent: this.secureAgent })
          : request({ ...there, agent: this.agent })
      }
    }
  }
}

/** Every question names the run that it is for. */
function pathOf(place: AskPlace, { path, query }: Question): string {
  const given = Object.entries({ run: place.run, ...query }).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  return `${askPrefix}${path}?${new URLSearchParams(given).toString()}`
}

function nameOf(place: AskPlace): string {
  return place.kind === 'remote' ? place.base.host : `the run ${place.run}`
}

function bad(place: AskPlace, what: string): HoptraceError {
  return new HoptraceError('HOPTRACE_BAD_ANSWER', `${nameOf(place)} ${what}`)
}

function unavailable(place: AskPlace, cause: unknown): HoptraceError {
  return new HoptraceError('HOPTRACE_INSTANCE_UNAVAILABLE', `${nameOf(place)}: ${textOf(cause)}`, { cause })
}
