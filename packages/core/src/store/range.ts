import { setMaxListeners } from 'node:events'
import type { StoreLayout } from './layout.js'
import type { ReadCounts } from './counts.js'
import type { HopRecord, InstanceRef } from '../record/record.js'
import type { HopId } from '../id/types.js'
import { badSegment } from '../record/damage.js'
import { checkedHead } from './checked-segment.js'
import type { Row, Store } from './contract.js'
import { laneRanges, runKey, readSegmentKey, saltOf, windowRange, windowStart } from './keys.js'
import type { SegmentSource, StoredSegment } from './merge.js'
import { mergeSegments } from './merge.js'
import { pages } from './pages.js'
import { readSegmentHead } from '../segment/head.js'

/** Which records `StoreReader.range` gives. */
export interface RangeOptions {
  /** Of ids; inclusive. */
  readonly fromNanos: bigint
  /** Of ids; exclusive. */
  readonly toNanos: bigint
  /** Only those of these runs. @default all of the table */
  readonly runs?: readonly InstanceRef[]
  /**
   * Called once for each run that is not among `runs` and has records of the stretch, with the service that
   * its segments name. The reader then reads whole windows.
   */
  readonly onOtherRun?: (run: string, service: string) => void
  /** Only those of these services, where several share a table. @default all */
  readonly services?: readonly string[]
  /**
   * The maximum number of records. Records with the same id stay together, so that the next page misses none.
   */
  readonly limit?: number
  /** Only ids beyond this one: the last of the page before. */
  readonly afterId?: HopId
  readonly signal?: AbortSignal
  readonly step?: Step
}

/**
 * Called between two steps of work. With `through`, every record up to this id has been given: then the range
 * ends here when it says false.
 */
export type Step = (through?: HopId) => boolean | Promise<boolean>

/** Records in id order, their versions folded. `counts` is what this range has read so far. */
export interface RangeRecords extends AsyncIterable<HopRecord> {
  readonly counts: Readonly<ReadCounts>
}

/** Rows of one page: at a usual fill about a megabyte and a half. */
const pageRows = 32

/** Up to this number of seeks, the lanes of single runs are read instead of whole windows. */
const mostSeeks = 32

/** @internal What `StoreReader.range` returns. `total` counts along. */
export function rangeRecords(
  store: Store,
  layout: StoreLayout,
  options: RangeOptions,
  total: ReadCounts,
): RangeRecords {
  const { limit = Infinity, fromNanos, toNanos } = options
  if (!(limit >= 1)) throw new TypeError(`limit must be 1 or more (got ${limit})`)
  if (fromNanos < 0n || toNanos > 2n ** 63n) throw new TypeError('a range must be between 1970 and 2262')
  // Each bucket is read under it.
  if (options.signal !== undefined) setMaxListeners(0, options.signal)
  const counts: ReadCounts = { scans: 0, segments: 0, pruned: 0, bytes: 0 }
  const both: ReadCounts = countBoth(counts, total)
  return {
    counts,
    [Symbol.asyncIterator]: () => limited(new RangeReader(store, layout, options, both).records(), limit),
  }
}

async function* limited(
  groups: AsyncIterable<HopRecord[]>,
  limit: number,
): AsyncGenerator<HopRecord, void, undefined> {
  let left = limit
  for await (const group of groups) {
    for (const record of group) yield record
    left -= group.length
    if (left <= 0) return
  }
}

class RangeReader {
  readonly #windowNanos: bigint
  readonly #fromId: string
  readonly #toId: string
  readonly #runs: readonly Buffer[] | undefined
  readonly #names: ReadonlySet<string> | undefined
  readonly #services: ReadonlySet<string> | undefined
  readonly #told = new Set<string>()

  constructor(
    readonly store: Store,
    readonly layout: StoreLayout,
    readonly options: RangeOptions,
    readonly counts: ReadCounts,
  ) {
    this.#windowNanos = BigInt(layout.windowMillis) * 1_000_000n
    const first = boundId(options.fromNanos)
    const next = options.afterId === undefined ? first : nextId(options.afterId)
    this.#fromId = next > first ? next : first
    this.#toId = boundId(options.toNanos)
    this.#runs = options.runs?.map(runKey)
    this.#names = this.#runs && new Set(this.#runs.map((key) => key.toString('hex')))
    this.#services = options.services && new Set(options.services)
  }

  /** Records with one id at a time. */
  async *records(): AsyncGenerator<HopRecord[], void, undefined> {
    const fromWindow = windowStart(BigInt(`0x${this.#fromId.slice(0, 16)}`), this.#windowNanos)
    const { toNanos } = this.options
    if (toNanos <= this.options.fromNanos || this.#toId <= this.#fromId) return
    const windows = (toNanos - fromWindow + this.#windowNanos - 1n) / this.#windowNanos
    const within = {
      fromId: this.#fromId,
      toId: this.#toId,
      counts: this.counts,
      ...(this.options.signal && { signal: this.options.signal }),
      ...(this.options.step && { step: this.options.step }),
    }
    const few = this.#runs !== undefined && this.options.onOtherRun === undefined
    if (this.#runs !== undefined && few && windows * BigInt(this.#runs.length) * 2n <= mostSeeks) {
      for (let window = fromWindow; window < toNanos; window += this.#windowNanos) {
        if (!(await this.#mayRead(window))) return
        yield* mergeSegments(await this.#lanes(window, this.#runs), within)
      }
      return
    }
    for await (const segments of this.#windows(fromWindow))
      yield* mergeSegments([listSource(segments)], within)
  }

  /** Whether the range may continue with a window, because no earlier window is incomplete. */
  async #mayRead(window: bigint): Promise<boolean> {
    const { step } = this.options
    const begin = boundId(window)
    if (step === undefined) return true
    return begin > this.#fromId ? step(lastBefore(begin)) : (await step(), true)
  }

  /**
   * One window of some runs: the first lane as it is needed, the late lane at once, as its segments overlap.
   */
  async #lanes(window: bigint, runs: readonly Buffer[]): Promise<SegmentSource[]> {
    const sources = runs.map(async (run) => {
      const salt = saltOf(run, this.layout.buckets)
      const late: StoredSegment[] = []
      const lane = laneRanges(salt, window, run, this.#fromId).late
      for await (const rows of pages(this.store, lane, pageRows, this.counts, this.options.signal)) {
        for (const row of rows) this.#keep(row, late)
      }
      return [laneSource(this.#firstLane(salt, window, run)), listSource(late)]
    })
    return (await Promise.all(sources)).flat()
  }

  async *#firstLane(
    salt: number,
    window: bigint,
    run: Buffer,
  ): AsyncGenerator<StoredSegment, void, undefined> {
    const lane = laneRanges(salt, window, run, this.#fromId).first
    // The first segment may be all that a short range needs.
    for await (const rows of pages(this.store, lane, pageRows, this.counts, this.options.signal, 1)) {
      const kept: StoredSegment[] = []
      for (const row of rows) {
        if (this.#keep(row, kept) || readSegmentHead(row.value).minId < this.#toId) continue
        yield* kept
        return
      }
      yield* kept
    }
  }

  /** The segments of one window after the other, from contiguous scans of all buckets. */
  async *#windows(fromWindow: bigint): AsyncGenerator<StoredSegment[], void, undefined> {
    const toWindow = windowStart(this.options.toNanos - 1n, this.#windowNanos) + this.#windowNanos
    const buckets = Array.from({ length: this.layout.buckets }, (_, salt) =>
      bucketRows(
        pages(
          this.store,
          windowRange(salt, fromWindow, toWindow),
          pageRows,
          this.counts,
          this.options.signal,
        ),
        this.options.step,
      ),
    )
    let heads = await Promise.all(buckets.map((bucket) => bucket.next()))
    try {
      for (;;) {
        const starts = heads.flatMap((head) => (head.done ? [] : [head.value.window]))
        if (starts.length === 0) return
        const window = starts.reduce((a, b) => (b < a ? b : a))
        if (!(await this.#mayRead(window))) return
        const segments: StoredSegment[] = []
        heads = await Promise.all(
          heads.map(async (head, salt) => {
            let at = head
            while (!at.done && at.value.window === window) {
              if (this.#names?.has(at.value.run) === false) this.#pass(at.value)
              else this.#keep(at.value.row, segments)
              at = await (buckets[salt] as (typeof buckets)[number]).next()
            }
            return at
          }),
        )
        yield segments
      }
    } finally {
      await Promise.all(buckets.map((bucket) => bucket.return()))
    }
  }

  #pass({ run, row }: { readonly run: string; readonly row: Row }): void {
    this.counts.pruned++
    const { onOtherRun } = this.options
    if (onOtherRun === undefined || this.#told.has(run)) return
    const { maxId, minId, service } = checkedHead(row, this.#windowNanos)
    if (maxId < this.#fromId || minId >= this.#toId) return
    this.#told.add(run)
    onOtherRun(run, service)
  }

  /** Keeps a segment that may hold what is asked for. */
  #keep(row: Row, kept: StoredSegment[]): boolean {
    const head = checkedHead(row, this.#windowNanos)
    const wanted =
      head.maxId >= this.#fromId && head.minId < this.#toId && this.#services?.has(head.service) !== false
    if (wanted) kept.push({ minId: head.minId, value: row.value })
    else this.counts.pruned++
    return wanted
  }
}

async function* bucketRows(
  source: ReturnType<typeof pages>,
  step: Step | undefined,
): AsyncGenerator<{ window: bigint; run: string; row: Row }, void, undefined> {
  for await (const rows of source) {
    await step?.()
    for (const row of rows) {
      const parts = readSegmentKey(row.key)
      if (parts === undefined) throw badSegment('its key is none')
      yield { window: parts.windowStartNanos, run: parts.run.toString('hex'), row }
    }
  }
}

/** Segments in any order. */
function listSource(segments: StoredSegment[]): SegmentSource {
  const sorted = segments.sort((a, b) => (a.minId < b.minId ? 1 : -1))
  return { next: async () => sorted.pop(), close: async () => undefined }
}

/** Segments that come in order. */
function laneSource(segments: AsyncGenerator<StoredSegment, void, undefined>): SegmentSource {
  return {
    next: async () => (await segments.next()).value ?? undefined,
    close: async () => void (await segments.return()),
  }
}

function boundId(nanos: bigint): string {
  return nanos.toString(16).padStart(16, '0').padEnd(32, '0')
}

function lastBefore(id: string): HopId {
  return (BigInt(`0x${id}`) - 1n).toString(16).padStart(32, '0') as HopId
}

function nextId(id: string): string {
  return (BigInt(`0x${id}`) + 1n).toString(16).padStart(32, '0')
}

function countBoth(own: ReadCounts, total: ReadCounts): ReadCounts {
  const names = ['scans', 'segments', 'pruned', 'bytes'] as const
  const both = {} as ReadCounts
  for (const name of names) {
    Object.defineProperty(both, name, {
      get: () => own[name],
      set: (value: number) => {
        total[name] += value - own[name]
        own[name] = value
      },
    })
  }
  return both
}
