import { timing } from '../base/timing.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { millisToDelete } from '../store/bytes-limit.js'
import { expireRows } from '../store/expire.js'
import { wholeWindows } from '../store/whole-windows.js'
import type { Store } from '../store/contract.js'
import type { InstanceRow, Registry } from '../record/instance-row.js'

export interface ExpiryOptions {
  readonly service: string
  readonly buckets: number
  readonly windowMillis: number
  readonly store: Store
  readonly registry: Registry
  /** How long records are kept; `Infinity` is for ever. */
  readonly ttlSeconds: number
  /** The most bytes of the service in the store; `Infinity` is no limit. */
  readonly maxBytes: number
  /** Bytes that this run has shipped so far. */
  readonly shippedBytes: () => number
  /** Says in the registry that the service has deleted older records. When it resolves, readers learn of it. */
  readonly announce: (beforeNanos: bigint) => Promise<void>
  /** Receives the error of a look that failed. The next look tries again. */
  readonly failed: (error: unknown) => void
}

/**
 * Deletes what is older than the store keeps: records, where the store does not do that by itself, and rows of runs in the registry,
 * which go with the last record of their run. It looks soon after the start, so that a service that lives for minutes deletes too, and
 * then at most once an hour; with a limit of bytes also after shipping a part of it.
 *
 * How many bytes a service has comes from the registry: each row says what its run has shipped, by the time of ids. No store has to be read
 * for it, and no store has to know it. A reader that finds no record must know that it was deleted, so the registry says it first, and the
 * records go when all questions that began before have ended.
 */
export class Expiry {
  private readonly closing = new AbortController()
  private readonly done: Promise<void>
  private announcedNanos = 0n
  private deletedNanos = 0n
  private livingRuns = 1

  constructor(private readonly options: ExpiryOptions) {
    const { ttlSeconds, maxBytes } = options
    this.done = ttlSeconds === Infinity && maxBytes === Infinity ? Promise.resolve() : this.watch()
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    this.closing.abort()
    await this.done
  }

  private async watch(): Promise<void> {
    const { signal } = this.closing
    await this.wait(timing.firstExpiryMillis * Math.random())
    while (!signal.aborted) {
      const shipped = this.options.shippedBytes()
      try {
        await this.look(signal)
      } catch (error) {
        if (!signal.aborted) this.options.failed(error)
      }
      await this.pause(shipped)
    }
  }

  private wait(millis: number): Promise<void> {
    const { signal } = this.closing
    return sleep(millis, undefined, { signal, ref: false }).catch(() => undefined)
  }

  /** Until the next look. */
  private async pause(shippedBefore: number): Promise<void> {
    const { ttlSeconds, maxBytes, shippedBytes } = this.options
    const { minExpiryMillis, maxExpiryMillis } = timing
    const millis = Math.min(maxExpiryMillis, Math.max(minExpiryMillis, ttlSeconds * 250))
    // The other runs ship about as much.
    const enough = maxBytes / 16 / this.livingRuns
    for (let waited = 0; waited < millis && !this.closing.signal.aborted; waited += minExpiryMillis) {
      await this.wait(Math.min(minExpiryMillis, millis - waited))
      if (shippedBytes() - shippedBefore >= enough) return
    }
  }

  private async look(signal: AbortSignal): Promise<void> {
    const { service, buckets, windowMillis, store, registry, ttlSeconds } = this.options
    const beforeMillis = ttlSeconds === Infinity ? 0 : Date.now() - ttlSeconds * 1000
    if (beforeMillis > 0 && !store.supports.ttl && store.deleteRange !== undefined) {
      const { rows } = await registry.list()
      const here = rows.filter(({ stores }) => stores.includes(store.url))
      const windows = wholeWindows(here, { buckets, windowMillis }, BigInt(beforeMillis) * 1_000_000n)
      await expireRows(store, { ...windows, signal })
    }
    const deletedMillis = await this.lookAtBytes(beforeMillis, signal)
    if (signal.aborted) return
    const deleted = { url: store.url, beforeMillis: deletedMillis }
    await registry.removeEnded?.({ service, beforeMillis, deleted, signal })
  }

  /** Deletes what is beyond the limit of bytes. Returns the time up to which the service has deleted anything. */
  private async lookAtBytes(beforeMillis: number, signal: AbortSignal): Promise<number> {
    const { service, store, registry, maxBytes } = this.options
    if (maxBytes === Infinity || store.deleteRange === undefined) return 0
    const here = (await registry.list()).rows.filter(({ stores }) => stores.at(-1) === store.url)
    const own = here.filter((row) => row.service === service)
    const isSilent = ({ heartbeatMillis }: InstanceRow): boolean =>
      heartbeatMillis < Date.now() - timing.deletionMillis
    this.livingRuns = Math.max(1, own.filter((row) => row.state === 'running' && !isSilent(row)).length)
    const known = latestOf(own, this.announcedNanos)
    const fromMillis = Math.max(beforeMillis, Number(known / 1_000_000n))
    const millis = millisToDelete({ rows: own, maxBytes, fromMillis })
    const until = millis === undefined ? known : this.wholeWindows(millis)
    const before = until > known ? until : known
    if (before === 0n || signal.aborted) return 0
    if (before > this.announcedNanos) {
      await this.options.announce(before)
      this.announcedNanos = before
      // What a run said before it ended, all readers know.
      if (latestOf(own.filter(isSilent), 0n) < before) await this.wait(timing.deletionMillis)
    }
    if (signal.aborted) return 0
    const isShared = here.length > own.length
    // In a store of one service, finding that nothing is left to delete is a short read.
    if (!isShared || before > this.deletedNanos) await this.delete(own, isShared, before, signal)
    this.deletedNanos = before
    return Number(before / 1_000_000n)
  }

  private async delete(
    own: readonly InstanceRow[],
    isShared: boolean,
    before: bigint,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, buckets, windowMillis } = this.options
    const windows = wholeWindows(own, { buckets, windowMillis }, before)
    await expireRows(store, { ...windows, runs: isShared ? own : undefined, signal })
  }

  /** The end of the window of this time, but no window that is still filled. */
  private wholeWindows(millis: number): bigint {
    const { windowMillis } = this.options
    const windows = Math.min(Math.ceil(millis / windowMillis), Math.floor(Date.now() / windowMillis))
    return BigInt(windows * windowMillis) * 1_000_000n
  }
}

/** The latest time up to which one of the runs says that its service has deleted. */
function latestOf(rows: readonly InstanceRow[], least: bigint): bigint {
  return rows.reduce((latest, { deletedBeforeNanos: one = 0n }) => (one > latest ? one : latest), least)
}
