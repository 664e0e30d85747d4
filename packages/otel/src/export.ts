import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseUrl } from '@hoptrace/core'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { readableSpans, type ExportedSpan } from './otlp-spans.js'

export type { ExportedSpan } from './otlp-spans.js'

/** Where spans go, and how long a failing receiver is tried. */
export interface OtlpOptions {
  /** The receiver: `http://127.0.0.1:4318`, or with a path, which is then used as it is. */
  readonly url: string
  /** Headers of every request, such as a token. @default none */
  readonly headers?: Readonly<Record<string, string>>
  /** How long one batch is tried, in milliseconds. @default 60000 */
  readonly giveUpMillis?: number
  /** Ends what is being sent. */
  readonly signal?: AbortSignal
}

/** What became of the spans so far. */
export interface OtlpCounts {
  readonly sent: number
  /** The receiver took the batch, and said that it does not keep these. */
  readonly rejected: number
  readonly retries: number
  readonly batches: number
}

/** A batch is sent when it has this number of spans; a larger trace is split. */
const batchSpans = 512
const firstPauseMillis = 200
const longestPauseMillis = 10_000
const attemptMillis = 10_000
/** The statuses that OTLP names for another try. */
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504])

const zip = promisify(gzip)

/** Sends spans as OTLP over HTTP, protobuf, gzip, in batches. What was sent before is sent again if its receiver did not say that it has it. */
export class OtlpSender {
  private readonly url: string
  private readonly options: OtlpOptions
  private readonly waiting: ExportedSpan[] = []
  private sent = 0
  private rejected = 0
  private retries = 0
  private batches = 0

  /** @throws TypeError if the URL is none of HTTP. */
  constructor(options: OtlpOptions) {
    this.options = options
    this.url = tracesUrl(options.url)
  }

  get counts(): OtlpCounts {
    const { sent, rejected, retries, batches } = this
    return { sent, rejected, retries, batches }
  }

  /** Adds the spans of a trace. Rejects if a batch was full, and could not be sent. */
  async add(spans: readonly ExportedSpan[]): Promise<void> {
    this.waiting.push(...spans)
    while (this.waiting.length >= batchSpans) await this.sendBatch()
  }

  /** Sends what is left. The receiver has everything when it resolves. */
  async flush(): Promise<void> {
    while (this.waiting.length > 0) await this.sendBatch()
  }

  /** Forgets the spans that were not sent. */
  discard(): void {
    this.waiting.length = 0
  }

  private async sendBatch(): Promise<void> {
    const batch = this.waiting.splice(0, batchSpans)
    const body = ProtobufTraceSerializer.serializeRequest(readableSpans(batch))
    if (body === undefined) throw new Error('OpenTelemetry cannot serialize these spans')
    const rejected = Math.min(batch.length, await this.post(await zip(body)))
    this.batches++
    this.rejected += rejected
    this.sent += batch.length - rejected
  }

  /** Gives the number of spans that the receiver rejects. */
  private async post(body: Uint8Array<ArrayBuffer>): Promise<number> {
    const { giveUpMillis = 60_000, signal } = this.options
    const until = performance.now() + giveUpMillis
    for (let pause = firstPauseMillis; ; pause = Math.min(2 * pause, longestPauseMillis)) {
      const answer = await this.attempt(body)
      if (typeof answer === 'number') return answer
      // Half of the pause is random, so that many exporters do not return together.
      const wait = answer.afterMillis ?? pause / 2 + (Math.random() * pause) / 2
      if (!answer.mayRetry || performance.now() + wait > until)
        throw new Error(`${this.url} does not take the spans: ${answer.reason}`)
      this.retries++
      await sleep(wait, undefined, signal === undefined ? {} : { signal })
    }
  }

  private async attempt(body: Uint8Array<ArrayBuffer>): Promise<number | Refusal> {
    const { headers = {}, signal } = this.options
    const late = AbortSignal.timeout(attemptMillis)
    let response: Response
    try {
      response = await fetch(this.url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
        body,
        redirect: 'error',
        signal: signal === undefined ? late : AbortSignal.any([late, signal]),
      })
      const answer = new Uint8Array(await response.arrayBuffer())
      if (response.ok) return rejectedIn(answer)
    } catch (error) {
      signal?.throwIfAborted()
      return { reason: reasonOf(error), mayRetry: true, afterMillis: undefined }
    }
    const after = Number(response.headers.get('retry-after') ?? Number.NaN)
    return {
      reason: `status ${response.status}`,
      mayRetry: retryable.has(response.status),
      afterMillis: after >= 0 ? after * 1000 : undefined,
    }
  }
}

interface Refusal {
  readonly reason: string
  readonly mayRetry: boolean
  readonly afterMillis: number | undefined
}

function tracesUrl(text: string): string {
  const url = parseUrl(text)
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new TypeError(`'${text}' is no URL of HTTP`)
  if (url.pathname === '/') url.pathname = '/v1/traces'
  return url.href
}

/** An answer that cannot be read counts as a whole success: its status said so. */
function rejectedIn(answer: Uint8Array): number {
  if (answer.length === 0) return 0
  try {
    const { partialSuccess } = ProtobufTraceSerializer.deserializeResponse(answer)
    return Number(partialSuccess?.rejectedSpans ?? 0)
  } catch {
    return 0
  }
}

/** `fetch` hides the reason in a cause. */
function reasonOf(error: unknown): string {
  const { cause, name, message } = error as Error & { readonly cause?: { readonly code?: unknown } }
  if (name === 'TimeoutError') return `no answer in ${attemptMillis / 1000} s`
  return typeof cause?.code === 'string' ? cause.code : message
}
