import { timing } from '../base/timing.js'
import { textOf } from '../base/message.js'
import { pauseAfter } from '../base/back-off.js'
import type { Diagnostics } from '../base/diagnostics.js'

/**
 * A dependency that may be unavailable: one line when it fails, one when it is back, and longer and longer
 * pauses between attempts.
 */
export class Outage {
  errors = 0
  private failures = 0
  private retryAt = 0

  constructor(
    private readonly diagnostics: Diagnostics,
    private readonly code: string,
    /** The texts of both lines: `the store does not answer: records stay in the log`. */
    private readonly words: { readonly away: string; readonly back: string },
  ) {}

  /** Whether it may be tried now. */
  get due(): boolean {
    return performance.now() >= this.retryAt
  }

  failed(error: unknown): void {
    this.errors++
    const pause = pauseAfter(this.failures + 1, {
      firstMillis: timing.outageMillis,
      longestMillis: timing.maxOutageMillis,
    })
    this.retryAt = performance.now() + pause * (0.75 + Math.random() / 2)
    if (this.failures++ > 0) return
    this.diagnostics(this.code, `${this.words.away} (${textOf(error)})`)
  }

  succeeded(): void {
    if (this.failures === 0) return
    this.failures = 0
    this.retryAt = 0
    this.diagnostics(this.code, this.words.back)
  }
}

/** The dependencies that a shipper can miss for a while. */
export interface ShipperOutages {
  readonly store: Outage
  readonly registry: Outage
  readonly disk: Outage
}

export function shipperOutages(diagnostics: Diagnostics, runDir: string): ShipperOutages {
  return {
    store: new Outage(diagnostics, 'HOPTRACE_STORE', {
      away: 'the store does not accept records: they stay in the log',
      back: 'the store accepts records again',
    }),
    registry: new Outage(diagnostics, 'HOPTRACE_REGISTRY', {
      away: 'the registry cannot be written: other processes may consider this instance dead',
      back: 'the registry can be written again',
    }),
    disk: new Outage(diagnostics, 'HOPTRACE_DISK', {
      away: `${runDir} cannot be used: nothing is shipped`,
      back: `${runDir} can be used again`,
    }),
  }
}
