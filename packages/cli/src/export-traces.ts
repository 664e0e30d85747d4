import type { Resolver, ResolveResult } from '@hoptrace/core'
import { spansOf, type Span } from '@hoptrace/ui/model'
import type { ExportedSlice, Exporter, ExportSpan } from './export-span.js'

/** Takes the spans of traces, batches them, and sends them. */
export interface SpanSink {
  add(spans: readonly Span[]): Promise<void>
  /** Everything has arrived when it resolves. */
  flush(): Promise<void>
  /** Forgets what has not arrived: it will be added again. */
  discard(): void
}

/** This much time is read, resolved and sent before the progress is noted. */
const sliceNanos = 10_000_000_000n
/** Traces that are walked at the same time. */
const walks = 4

/**
 * Exports traces slice by slice of time. A trace that spans two slices, or that is exported again after an interruption, is sent
 * again with the same ids: receivers keep one.
 */
export class TraceExport implements Exporter {
  traces = 0
  /** Traces that still ran, by the id to ask for, with the time from which on they are to be read again. */
  private running: ReadonlyMap<string, bigint> = new Map()

  constructor(
    private readonly resolver: Resolver,
    private readonly sink: SpanSink,
    private readonly signal: AbortSignal,
    /** A trace that runs is held back for this time; after that it is exported as it is. */
    private readonly holdNanos: bigint = 0n,
  ) {}

  async range(span: ExportSpan, noted: (slice: ExportedSlice) => void): Promise<void> {
    for (let from = span.from; from < span.to; from += sliceNanos) {
      const to = from + sliceNanos < span.to ? from + sliceNanos : span.to
      try {
        noted({ to, through: await this.slice({ ...span, from, to }) })
      } catch (error) {
        this.sink.discard()
        throw error
      }
    }
  }

  async add(result: ResolveResult): Promise<void> {
    if (result.hops.length === 0) return
    this.traces++
    await this.sink.add(spansOf(result))
  }

  /** Gives the time through which all traces have arrived. */
  private async slice(span: ExportSpan): Promise<bigint> {
    const ids = new Map([...(await this.idsIn(span)), ...this.running])
    const running = new Map<string, bigint>()
    await this.each([...ids], async ([id, since]) => {
      const result = await this.resolver.resolve(id)
      if (result.verdict === 'running' && span.to - since < this.holdNanos) running.set(id, since)
      else await this.add(result)
    })
    await this.sink.flush()
    this.running = running
    return [...running.values()].reduce((least, since) => (since < least ? since : least), span.to)
  }

  /** Of each trace one hop. */
  private async idsIn({ service, from, to }: ExportSpan): Promise<Map<string, bigint>> {
    const rows = service === undefined ? await this.resolver.instances() : []
    const services = service === undefined ? [...new Set(rows.map((row) => row.service))] : [service]
    const byTrace = new Map<string, string>()
    for (const one of services) {
      const { resolver, signal } = this
      for await (const { traceId, hopId } of resolver.range({ service: one, from, to, signal }))
        if (!byTrace.has(traceId)) byTrace.set(traceId, hopId)
    }
    return new Map([...byTrace.values()].map((hopId) => [hopId, from]))
  }

  private async each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const lane = async (first: number): Promise<void> => {
      for (let at = first; at < items.length; at += walks) {
        this.signal.throwIfAborted()
        await work(items[at] as T)
      }
    }
    await Promise.all(Array.from({ length: walks }, (_, first) => lane(first)))
  }
}
