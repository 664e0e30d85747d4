const awayMillis = 1000

/**
 * A read that could not reach the store fails the next ones too, for a moment: a question asks one store many times, one after
 * the other, and would wait for it anew each time.
 */
export class ShortOutage {
  private failure: Error | undefined
  private until = 0

  /** Throws what the last read failed with, when that was a moment ago. */
  check(): void {
    if (this.failure !== undefined && performance.now() < this.until) throw this.failure
  }

  failed(error: Error): void {
    this.failure = error
    this.until = performance.now() + awayMillis
  }

  over(): void {
    this.failure = undefined
  }
}
