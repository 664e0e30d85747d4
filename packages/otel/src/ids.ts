import { RandomIdGenerator, type IdGenerator } from '@opentelemetry/sdk-trace-base'
import { notRecorded, type HopId, type Tracer } from '@hoptrace/core'
import type { Arrivals } from './arrivals.js'

/** The id of a new trace is the id of the hop that begins it, so that `hoptrace resolve` takes the trace-id of any span. */
export class HopIdGenerator implements IdGenerator {
  private readonly random = new RandomIdGenerator()
  private newest: HopId | undefined

  constructor(
    private readonly tracer: Tracer,
    private readonly arrivals: Arrivals,
  ) {}

  generateTraceId = (): string => {
    try {
      // The hook of the server, an adapter or the propagator may have begun the hop.
      return this.arrivals.begunTrace() ?? this.tracer.hop?.traceId ?? (this.newest = this.tracer.issueId())
    } catch {
      notRecorded(this.tracer)
      return this.random.generateTraceId()
    }
  }

  /** The id for the hop of a span that begins this trace; undefined if the trace has begun with another hop. Given once. */
  issued(traceId: string): HopId | undefined {
    const { newest } = this
    this.newest = undefined
    return newest === traceId ? newest : undefined
  }

  generateSpanId = (): string => this.random.generateSpanId()
}
