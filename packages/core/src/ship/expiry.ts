import { timing } from '../base/timing.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { expireRows } from '../store/expire.js'
import type { Store } from '../store/contract.js'
import type { Registry } from '../record/instance-row.js'

export interface ExpiryOptions {
  readonly service: string
  readonly buckets: number
  readonly windowMillis: number
  readonly store: Store
  readonly registry: Registry
  /** How long records are kept; `Infinity` is for ever. */
  readonly ttlSeconds: number
  /** Receives the error of a look that failed. The next look tries again. */
  readonly failed: (error: unknown) => void
}

/**
 * Deletes what is older than the store keeps: records, where the store does not do that by itself, and rows of runs in the registry,
 * which go with the last record of their run. It looks soon after the start, so that a service that lives for minutes deletes too, and
 * then at most once an hour.
 */
export class Expiry {
  private readonly closing = new AbortController()
  private readonly done: Promise<void>

  constructor(private readonly options: ExpiryOptions) {
    this.done = options.ttlSeconds === Infinity ? Promise.resolve() : this.watch()
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    this.closing.abort()
    await this.done
  }

  private async watch(): Promise<void> {
    const { signal } = this.closing
    const pause = Math.min(
      timing.maxExpiryMillis,
      Math.max(timing.minExpiryMillis, this.options.ttlSeconds * 250),
    )
    const wait = (millis: number): Promise<void> =>
      sleep(millis, undefined, { signal, ref: false }).catch(() => undefined)
    await wait(timing.firstExpiryMillis * Math.random())
    while (!signal.aborted) {
      try {
        await this.look(signal)
      } catch (error) {
        if (!signal.aborted) this.options.failed(error)
      }
      await wait(pause)
    }
  }

  private async look(signal: AbortSignal): Promise<void> {
    const { service, buckets, windowMillis, store, registry, ttlSeconds } = this.options
    const beforeMillis = Date.now() - ttlSeconds * 1000
    if (!store.supports.ttl && store.deleteRange !== undefined) {
      const beforeNanos = BigInt(beforeMillis) * 1_000_000n
      await expireRows(store, { buckets, windowMillis, beforeNanos, signal })
    }
    if (!signal.aborted) await registry.removeEnded?.({ service, beforeMillis, signal })
  }
}
