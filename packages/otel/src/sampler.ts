import {
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
  type Sampler,
  type SamplingResult,
} from '@opentelemetry/sdk-trace-base'

/**
 * Lets hoptrace see every span, and an exporter only those that another sampler takes: what that one drops is recorded, but not
 * sampled. A verdict over sampled records would be a guess.
 */
export class HopSampler implements Sampler {
  /** @param exported decides which spans are exported. @default all whose caller was sampled */
  constructor(private readonly exported: Sampler = new ParentBasedSampler({ root: new AlwaysOnSampler() })) {}

  shouldSample(...args: Parameters<Sampler['shouldSample']>): SamplingResult {
    const result = this.exported.shouldSample(...args)
    return result.decision === SamplingDecision.NOT_RECORD
      ? { ...result, decision: SamplingDecision.RECORD }
      : result
  }

  toString(): string {
    return `HopSampler{${this.exported.toString()}}`
  }
}
