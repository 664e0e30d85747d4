import { timing } from '../../base/timing.js'

/**
 * If a read cannot reach the store, the next reads fail at once for a moment. A question reads one store many
 * times in sequence, and would otherwise wait for it each time.
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
    this.until = performance.now() + timing.shortOutageMillis
  }

  over(): void {
    this.failure = undefined
  }
}
