import { inspect, type InspectOptions } from 'node:util'
import type { HopId, TraceId } from '../id/types.js'
import {
  noAnswer,
  type OutboundContext,
  readAnswer,
  TRACEPARENT,
  writeContext,
} from '../propagation/index.js'
import type { LogHop } from '../log/entries.js'
import { calleeOf, type Callee } from './callee.js'
import type { HopHost } from './host.js'
import { messageSent, recordedDestination } from '../record/destination.js'
import { limits, truncate } from '../record/limits.js'
import { outcomeOf, standardOutcomes } from './outcome.js'
import { inspectAs, type Shown } from './shown.js'

/**
 * Whom a call goes to: a URL, `host:port`, or either with a method. `via` is what is dialled in its place: a
 * forward proxy (`host:port`) or a socket (`unix:/path`). Or a message to a topic or queue.
 */
export type CallTarget =
  | string
  | URL
  | { readonly url: string | URL; readonly method?: string; readonly via?: string }
  | MessageTarget

/** Where a message goes. End its call with `'SENT'` when the broker has accepted it. */
export interface MessageTarget {
  /** The topic or queue, after the name of the broker's protocol: `kafka://orders.placed`. */
  readonly message: string
  /**
   * False if no traced service consumes it. We then record `SENT` as `202`, and no resolver waits for a
   * consumer. @default true
   */
  readonly traced?: boolean
}

/** Response headers as frameworks hold them. */
export type ResponseHeaders = Readonly<Record<string, unknown>>

/** What a call needs of the hop that makes it. */
export interface CallingHop extends LogHop, OutboundContext {
  readonly id: HopId
  readonly traceId: TraceId
  /** Microseconds since the hop began. */
  offsetMicros(): number
  /** Each call says once that it has ended. */
  callEnded(call: Call): void
}

/** One outgoing request of a hop. Its entry is in the log from the moment it exists. */
export class Call {
  /** `traceparent` and `tracestate` for the request. */
  readonly headers: Readonly<Record<string, string>>
  /** The id that the callee is asked to take. */
  readonly hopId: HopId

  readonly #hop: CallingHop
  readonly #host: HopHost
  /** `host:port` of the URL that it is for. */
  readonly target: string
  /** @internal The parent-id that its callee is sent: it names this call among all others. */
  readonly parentId: string
  private readonly index: number
  private readonly asked: HopId
  private readonly startMicros: number
  private readonly traced: boolean
  private ended = false

  /** @internal Use `hop.call(target)`. */
  constructor(hop: CallingHop, host: HopHost, index: number, target: CallTarget, withinLimits: boolean) {
    this.#hop = hop
    this.#host = host
    this.index = index
    this.startMicros = hop.offsetMicros()
    const { name, ip, port, method, via, traced } = parseTarget(target)
    this.target = name
    this.traced = traced ?? true
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
    // A broker of the cluster: what traced services read from it may learn their ids.
    const trusted = traced ?? host.targets.trusted.has(name)
    const sent = writeContext(hop, this.hopId, host.wire, trusted)
    this.headers = sent.headers
    this.parentId = sent.parentId
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
    this.#hop.callEnded(this)
  }

  /** @internal */
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
    if (outcome === messageSent && !this.traced) return '202'
    const code = outcomeOf(outcome)
    return standardOutcomes.has(code) ? code : (this.#host.redaction.code(this.target, code) ?? 'ERROR')
  }
}

/** `name` is as recorded: `host:port`, or a destination. */
interface ParsedTarget extends Callee {
  readonly method: string | null
  readonly via: string | null
  /** Only for messages. */
  readonly traced?: boolean
}

function parseTarget(target: CallTarget): ParsedTarget {
  try {
    if (typeof target === 'string' || target instanceof URL) return atUrl(target, null, null)
    if ('message' in target) {
      const name = recordedDestination(String(target.message))
      const traced = target.traced !== false
      return { name, ip: '0.0.0.0', port: 0, method: null, via: null, traced }
    }
    const { url, method, via } = target
    const dialled = via === undefined ? null : truncate(String(via), limits.targetChars)
    return atUrl(url, method?.toUpperCase().slice(0, 32) ?? null, dialled)
  } catch {
    return { name: 'unknown:0', ip: '0.0.0.0', port: 0, method: null, via: null }
  }
}

function atUrl(url: string | URL, method: string | null, via: string | null): ParsedTarget {
  const { name, ip, port } = calleeOf(url)
  // With a Unix socket, no process listens at the address in the URL.
  return { name, ip: via?.startsWith('unix:') === true ? '0.0.0.0' : ip, port, method, via }
}
