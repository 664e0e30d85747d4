import { timing } from '../../base/timing.js'
import http from 'node:http'
import https from 'node:https'
import { certificateReason } from '../../base/certificate.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoptraceError } from '../../base/errors.js'

/** One request to a gateway. */
export interface GatewayRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  /** With its leading slash. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Milliseconds on the `performance.now()` clock: all attempts together. */
  readonly deadlineAt: number
  readonly signal?: AbortSignal
  /** Only this gateway, and only once: for what another one knows nothing of. */
  readonly at?: string
}

/** What a gateway answered. */
export interface GatewayResponse {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
  /** The gateway, `host:port`. */
  readonly at: string
}

const maxSockets = 32

/**
 * Requests to HBase REST gateways over kept connections, with a deadline, a bound on answers, and retries:
 * everything that a store asks may be asked twice. Where one of several gateways does not answer, the next is
 * tried.
 */
export class GatewayClient {
  private readonly agent: http.Agent
  private readonly send: typeof http.request
  private current = 0

  constructor(
    transport: 'http' | 'https',
    private readonly hosts: readonly string[],
    private readonly maxBytes: number,
  ) {
    this.send = transport === 'http' ? http.request : https.request
    const { Agent } = transport === 'http' ? http : https
    this.agent = new Agent({ keepAlive: true, maxSockets, maxFreeSockets: maxSockets })
  }

  /**
   * Resolves with any answer below 500. Rejects with what went wrong last when the deadline has passed, and
   * with the reason of the signal.
   */
  async request(request: GatewayRequest): Promise<GatewayResponse> {
    const { deadlineAt, signal, at } = request
    for (let pause = timing.gatewayPauseMillis; ; pause = Math.min(pause * 2, timing.maxGatewayPauseMillis)) {
      signal?.throwIfAborted()
      const host = at ?? this.hosts[this.current % this.hosts.length] ?? ''
      let failure: unknown
      try {
        const response = await this.attempt(host, request)
        if (response.status < 500) return response
        failure = new Error(`${host} answered ${response.status}: ${excerpt(response.body)}`)
      } catch (error) {
        signal?.throwIfAborted()
        if (certificateReason(error) !== undefined) throw error
        failure = error
      }
      this.current++
      const wait = pause * (0.5 + Math.random())
      if (at !== undefined || performance.now() + wait >= deadlineAt) throw failure
      await sleep(wait, undefined, signal === undefined ? {} : { signal })
    }
  }

  close(): void {
    this.agent.destroy()
  }

  private attempt(host: string, request: GatewayRequest): Promise<GatewayResponse> {
    const { method, path, headers, body, deadlineAt, signal } = request
    return new Promise((resolve, reject) => {
      const patience = Math.max(1, Math.min(timing.gatewayMillis, deadlineAt - performance.now()))
      const colon = host.lastIndexOf(':')
      const sent = this.send({
        agent: this.agent,
        host: host.slice(0, colon).replace(/^\[|\]$/g, ''),
        port: Number(host.slice(colon + 1)),
        method,
        path,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': String(body.length) }) },
        ...(signal === undefined ? {} : { signal }),
      })
      const timer = setTimeout(
        () => sent.destroy(new Error(`${host} did not answer within ${Math.round(patience)} ms`)),
        patience,
      )
      const fail = (error: Error): void => {
        clearTimeout(timer)
        reject(error)
      }
      sent.on('error', fail)
      sent.on('response', (response) => {
        const parts: Buffer[] = []
        let bytes = 0
        response.on('data', (part: Buffer) => {
          bytes += part.length
          if (bytes > this.maxBytes)
            sent.destroy(new Error(`${host} answered with more than it was asked for`))
          else parts.push(part)
        })
        response.on('error', fail)
        response.on('close', () => {
          if (!response.complete) return fail(new Error(`${host} closed the connection within its answer`))
          clearTimeout(timer)
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts, bytes),
            at: host,
          })
        })
      })
      sent.end(body)
    })
  }
}

/** The beginning of an answer's text, on one line, for messages. */
export function excerpt(body: Buffer): string {
  return body
    .toString('latin1', 0, 300)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 200)
}

/** An answer that says no. */
export function refusal({ status, body, at }: GatewayResponse): HoptraceError {
  return new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${at} answered ${status}: ${excerpt(body)}`)
}
