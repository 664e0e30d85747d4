import type { Tracer } from '@hoptrace/core'
import type { TextMapPropagator } from '@opentelemetry/api'
import type { IdGenerator, Sampler, SpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Arrivals } from './arrivals.js'
import { HopIdGenerator } from './ids.js'
import { HopSpanProcessor, type SpanOptions } from './processor.js'
import { HopPropagator } from './propagator.js'
import { HopSampler } from './sampler.js'
import { SpanCalls } from './span-call.js'

export type { SpanOptions } from './processor.js'

/** The options of `hoptrace`. */
export interface HopOptions extends SpanOptions {
  /** Decides which spans the exporters get; hoptrace records all. @default all whose caller was sampled */
  readonly sampler?: Sampler
}

/** The parts of an OpenTelemetry SDK that feed hoptrace, named as `NodeSDK` takes them. */
export interface HopParts {
  readonly spanProcessors: SpanProcessor[]
  readonly idGenerator: IdGenerator
  readonly textMapPropagator: TextMapPropagator
  readonly sampler: Sampler
}

/**
 * Feeds a tracer from OpenTelemetry: `new NodeSDK({ ...hoptrace(tracer), instrumentations })`. Call it once for a tracer. The
 * application keeps the tracer, and closes it after the SDK.
 */
export function hoptrace(tracer: Tracer, options: HopOptions = {}): HopParts {
  const arrivals = new Arrivals(tracer)
  const ids = new HopIdGenerator(tracer, arrivals)
  const processor = new HopSpanProcessor(tracer, arrivals, ids, new SpanCalls(), options)
  return {
    spanProcessors: [processor],
    idGenerator: ids,
    textMapPropagator: new HopPropagator(processor, arrivals),
    sampler: new HopSampler(options.sampler),
  }
}
