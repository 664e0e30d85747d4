import { inspect, type InspectOptions } from 'node:util'
import { ipv4OfHost } from '../id/index.js'
import type { HopId, TraceId } from '../id/types.js'
import {
  noAnswer,
  type OutboundContext,
  readAnswer,
  TRACEPARENT,
  writeContext,
} from '../propagation/index.js'
import type { LogHop } from '../log/entries.js'
import type { HopHost } from './host.js'
import { limits, truncate } from '../record/limits.js'
import { outcomeOf, standardOutcomes } from './outcome.js'
import { inspectAs, type Shown } from './shown.js'

/**
 * Whom a call goes to: a URL, `host:port`, or either with a method. `via` is what is dialled in its place: a
 * forward proxy (`host:port`) or a socket (`unix:/path`).
 */
export type CallTarget =
  string | URL | { readonly url: string | URL; readonly method?: string; readonly via?: string }

/** Response headers as frameworks hold them. */
export type ResponseHeaders = Readonly<Record<string, unknown>>

/** What a call needs of the hop that makes it. */
export interface CallingHop extends LogHop, OutboundContext {
  readonly id: HopId
  readonly traceId: TraceId
  /** Microseconds since the hop began. */
  offsetMicros(): number
  /** Each call says once that it has ended. */
  callEnded(traceparent: string): void
}

/** One outgoing request of a hop. Its entry is in the log from the moment it exists. */
export class Call {
  /** `traceparent` and `tracestate` for the request. */
  readonly headers: Readonly<Record<string, string>>
  /** The id that the callee is asked to take. */
  readonly hopId: HopId

  readonly #hop: CallingHop
  readonly #host: HopHost
  private readonly index: number
  private readonly target: string
  private readonly asked: HopId
  private readonly startMicros: number
  private ended = false

  /** @internal Use `hop.call(target)`. */
  constructor(hop: CallingHop, host: HopHost, index: number, target: CallTarget, withinLimits: boolean) {
    this.#hop = hop
    this.#host = host
    this.index = index
    this.startMicros = hop.offsetMicros()
    const { hostname, port, method, via } = parseTarget(target)
    this.target = truncate(`${hostname}:${port}`, limits.targetChars)
    // With a Unix socket, no process listens at the address in the URL.
    const ip = via?.startsWith('unix:') === true ? '0.0.0.0' : ipv4OfHost(hostname)
    this.hopId = host.ids.assign({ ip, port })
    const kept =
      withinLimits &&
      host.log.call(hop, {
        index,
        hopId: this.hopId,
        target: this.target,
        service: host.targets.serviceAt(this.target),
        method,
        via,
        offsetMicros: this.startMicros,
      })
    if (!kept) host.failed()
    const sent = writeContext(hop, this.hopId, host.wire, host.targets.trusted.has(this.target))
    this.headers = sent.headers
    this.asked = sent.asked
  }

  /**
   * Says what came of it: an HTTP status, an error or its code. The first end counts. `headers` of the
   * response tell who really answered.
   */
  end(outcome: number | string | Error, headers?: ResponseHeaders): void {
    if (this.ended) return
    this.ended = true
    try {
      const { keys } = this.#host.wire
      const answer = headers === undefined ? noAnswer : readAnswer(headers, this.asked, keys)
      const { servedBy, otherKey, proven } = answer
      if (servedBy !== null) this.#host.targets.learn(this.target, this.hopId, servedBy, proven)
      this.#host.log.callEnd(this.#hop, {
        index: this.index,
        outcome: this.outcome(outcome),
        durationMicros: this.#hop.offsetMicros() - this.startMicros,
        servedBy,
        otherKey,
      })
    } catch {
      this.#host.failed()
    }
    this.#hop.callEnded(this.traceparent)
  }

  /** @internal Names this call among all others. */
  get traceparent(): string {
    return this.headers[TRACEPARENT] as string
  }

  toJSON(): Shown {
    return { id: this.hopId, trace: this.#hop.traceId, target: this.target }
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return inspectAs('Call', this.toJSON(), options)
  }

  private outcome(outcome: number | string | Error): string {
    if (typeof outcome === 'number') return String(outcome)
    const code = outcomeOf(outcome)
    return standardOutcomes.has(code) ? code : (this.#host.redaction.code(this.target, code) ?? 'ERROR')
  }
}

interface ParsedTarget {
  readonly hostname: string
  readonly port: number
  readonly method: string | null
  readonly via: string | null
}

function parseTarget(target: CallTarget): ParsedTarget {
  try {
    if (typeof target === 'string' || target instanceof URL)
      return { ...hostAndPort(target), method: null, via: null }
    const { url, method, via } = target
    return {
      ...hostAndPort(url),
      method: method?.toUpperCase().slice(0, 32) ?? null,
      via: via === undefined ? null : truncate(String(via), limits.targetChars),
    }
  } catch {
    return { hostname: 'unknown', port: 0, method: null, via: null }
  }
}

function hostAndPort(url: string | URL): { hostname: string; port: number } {
  const { protocol, hostname, port } =
    typeof url === 'string' ? new URL(url.includes('://') ? url : `http://${url}`) : url
  return { hostname, port: port !== '' ? Number(port) : protocol === 'https:' ? 443 : 80 }
}
