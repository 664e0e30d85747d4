import type { HopRecord, InstanceRef } from '../record/record.js'
import type { HopId, TraceId } from '../id/types.js'
import { findInOpened } from '../segment/decode.js'
import { foldVersions } from '../record/fold.js'
import { checkedSegment } from './checked-segment.js'
import type { Row, Store } from './contract.js'
import type { ReadCounts } from './counts.js'
import type { StoreLayout } from './layout.js'
import { readAliasValue, readKeyValue } from './key-rows.js'
import {
  type Lanes,
  aliasRange,
  businessKeyHash,
  businessKeyRange,
  businessKeyText,
  idNanos,
  laneRanges,
  maxBuckets,
  readAliasKey,
  readBusinessKey,
  runKey,
  saltOf,
  windowStart,
} from './keys.js'
import type { KeyRange } from './pages.js'
import { page, pages } from './pages.js'
import type { RangeOptions, RangeRecords } from './range.js'
import { rangeRecords } from './range.js'

/** A hop that has a business key. */
export interface KeyHit {
  readonly traceId: TraceId
  readonly hopId: HopId
  /** The time in `hopId`. */
  readonly nanos: bigint
  /** When the run began that has the hop, nanoseconds since the Unix epoch. */
  readonly startNanos: bigint
}

/** The hop that an id leads to which is not its own. */
export interface AliasHit {
  readonly hopId: HopId
  /** When the run began that has the hop, nanoseconds since the Unix epoch. */
  readonly startNanos: bigint
}

/** Late segments are small; a page of them takes less than a cell or two. */
const latePage = 16

/**
 * Reads what `segmentRows` and `keyRows` wrote. Every value is verified; a damaged one, or a store that
 * fails, rejects with a `HoptraceError`. What is not there is `undefined` or empty. `counts` grows with every
 * read.
 */
export class StoreReader {
  readonly counts: ReadCounts = { scans: 0, segments: 0, pruned: 0, bytes: 0 }
  readonly #store: Store
  readonly #layout: StoreLayout
  readonly #windowNanos: bigint
  readonly #fullRuns: WeakSet<InstanceRef>

  /**
   * @param fullRuns Runs of which a look-up has found more than one segment in its window, to be shared by
   * readers that follow each other.
   */
  constructor(store: Store, layout: StoreLayout, fullRuns = new WeakSet<InstanceRef>()) {
    if (!Number.isInteger(layout.buckets) || layout.buckets < 1 || layout.buckets > maxBuckets) {
      throw new TypeError(`buckets must be a whole number from 1 to ${maxBuckets} (got ${layout.buckets})`)
    }
    if (!Number.isInteger(layout.windowMillis) || layout.windowMillis < 1) {
      throw new TypeError(`windowMillis must be a positive whole number (got ${layout.windowMillis})`)
    }
    this.#store = store
    this.#layout = layout
    this.#fullRuns = fullRuns
    this.#windowNanos = BigInt(layout.windowMillis) * 1_000_000n
  }

  /**
   * The record of an id in the run that served it, with its versions folded: from one segment of the first
   * lane, and from the late lane. This takes one read, or two where the window has more, at any stored volume,
   * whether the id exists or not.
   */
  async lookup(run: InstanceRef, id: HopId, signal?: AbortSignal): Promise<HopRecord | undefined> {
    const key = runKey(run)
    const salt = saltOf(key, this.#layout.buckets)
    const window = windowStart(idNanos(id), this.#windowNanos)
    const lanes = laneRanges(salt, window, key, id)
    const versions = this.#fullRuns.has(run)
      ? await Promise.all([this.#first(lanes.first, id, signal), this.#late(lanes.late, id, signal)]).then(
          (both) => both.flat(),
        )
      : await this.#both(run, lanes, id, signal)
    return versions.length === 0 ? undefined : versions.reduce(foldVersions)
  }

  /**
   * The hops that an id leads to which is not their own: the id that their callers assigned, or a foreign
   * trace id. The earliest come first. Several runs may have one each.
   */
  async aliases(
    alias: string,
    options: { readonly limit: number; readonly signal?: AbortSignal | undefined },
  ): Promise<AliasHit[]> {
    if (!/^[0-9a-f]{32}$/.test(alias))
      throw new TypeError(`an id is 32 lowercase hex digits (got ${JSON.stringify(alias)})`)
    const hits: AliasHit[] = []
    const { limit, signal } = options
    for await (const rows of pages(this.#store, aliasRange(alias), limit, this.counts, signal)) {
      for (const row of rows) {
        const hopId = readAliasKey(row.key)
        if (hopId !== undefined) hits.push({ hopId, startNanos: readAliasValue(row) })
        if (hits.length === limit) return hits
      }
    }
    return hits
  }

  /**
   * The hops with a business key, newest first, before `beforeNanos` if given. Costs what it returns, not
   * what is stored.
   */
  async findKey(
    name: string,
    value: string,
    options: { readonly limit: number; readonly beforeNanos?: bigint; readonly signal?: AbortSignal },
  ): Promise<KeyHit[]> {
    if (!Number.isInteger(options.limit) || options.limit < 1) {
      throw new TypeError(`limit must be a positive whole number (got ${options.limit})`)
    }
    const hits: KeyHit[] = []
    const text = businessKeyText(name, value)
    const range = businessKeyRange(businessKeyHash(text), options.beforeNanos)
    for await (const rows of pages(
      this.#store,
      range,
      Math.min(options.limit, 1000),
      this.counts,
      options.signal,
    )) {
      for (const row of rows) {
        const hopId = readBusinessKey(row.key)
        if (hopId === undefined) continue
        const { traceId, startNanos } = readKeyValue(text, row)
        hits.push({ traceId: traceId || hopId, hopId, nanos: idNanos(hopId), startNanos })
        if (hits.length === options.limit) return hits
      }
    }
    return hits
  }

  /** Records in id order, as they are read; see `RangeOptions`. */
  range(options: RangeOptions): RangeRecords {
    return rangeRecords(this.#store, this.#layout, options, this.counts)
  }

  /**
   * Both lanes as one range: the late lane follows the first one, and most windows have nothing there. A run
   * with more is read lane by lane from then on, because two reads side by side take less time than one after
   * the other.
   */
  async #both(
    run: InstanceRef,
    { first, late }: Lanes,
    id: HopId,
    signal?: AbortSignal,
  ): Promise<HopRecord[]> {
    const rows = await page(this.#store, { from: first.from, to: late.to }, 2, this.counts, signal)
    const isFirst = ({ key }: Row): boolean => Buffer.compare(key, first.to) < 0
    if (rows.length < 2) {
      // Between the two ranges are late segments of earlier ids.
      const wanted = rows.filter((row) => isFirst(row) || Buffer.compare(row.key, late.from) >= 0)
      return this.#versions(wanted, id)
    }
    this.#fullRuns.add(run)
    const found = this.#versions(rows.slice(0, 1).filter(isFirst), id)
    return [...found, ...(await this.#late(late, id, signal))]
  }

  /** Segments of the first lane do not overlap: only the first one of the range may have the id. */
  async #first(range: KeyRange, id: HopId, signal?: AbortSignal): Promise<HopRecord[]> {
    return this.#versions(await page(this.#store, range, 1, this.counts, signal), id)
  }

  async #late(range: KeyRange, id: HopId, signal?: AbortSignal): Promise<HopRecord[]> {
    const found: HopRecord[] = []
    for await (const rows of pages(this.#store, range, latePage, this.counts, signal))
      found.push(...this.#versions(rows, id))
    return found
  }

  #versions(rows: readonly Row[], id: HopId): HopRecord[] {
    const found: HopRecord[] = []
    for (const row of rows) {
      const opened = checkedSegment(row, this.#windowNanos)
      const { minId, maxId } = opened.head
      if (minId <= id && id <= maxId) {
        this.counts.segments++
        const record = findInOpened(opened, id)
        if (record !== undefined) found.push(record)
      } else this.counts.pruned++
    }
    return found
  }
}
