import type { Diagnostics } from '../diagnostics.js'

const firstMillis = 250
const maxMillis = 10_000

/** A thing that may be away: one line when it goes, one when it is back, and longer and longer pauses between attempts. */
export class Outage {
  errors = 0
  private failures = 0
  private retryAt = 0

  constructor(
    private readonly diagnostics: Diagnostics,
    private readonly code: string,
    /** What is away, and what that means: `the store does not answer: records stay in the log`. */
    private readonly words: { readonly away: string; readonly back: string },
  ) {}

  /** May it be tried now? */
  get due(): boolean {
    return performance.now() >= this.retryAt
  }

  failed(error: unknown): void {
    this.errors++
    const pause = Math.min(maxMillis, firstMillis * 2 ** this.failures)
    this.retryAt = performance.now() + pause * (0.75 + Math.random() / 2)
    if (this.failures++ > 0) return
    this.diagnostics(
      this.code,
      `${this.words.away} (${error instanceof Error ? error.message : String(error)})`,
    )
  }

  succeeded(): void {
    if (this.failures === 0) return
    this.failures = 0
    this.retryAt = 0
    this.diagnostics(this.code, this.words.back)
  }
}
