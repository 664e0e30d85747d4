import { hopIdNanos, HoptraceError, type HopJson, type Resolver } from '@hoptrace/core'
import type { ExportedSlice, Exporter, ExportSpan } from './export-span.js'

/** Takes hops that have ended, those of one service in the order of their ids, and keeps each once. */
export interface HopSink {
  add(hop: HopJson): Promise<void>
  /** Everything that was added is kept when it resolves. */
  flush(): Promise<void>
  /** Forgets what was added since: it will be added again. */
  discard(): Promise<void>
}

/** This much time is read before the progress is noted; it ends with an hour. */
const sliceNanos = 3_600_000_000_000n

/**
 * Exports hops service by service, hour by hour. A hop is exported once it has ended, so that its row never
 * changes. A time is read twice: as soon as it has passed, and again when it is `holdNanos` old, for hops that
 * were open or unknown before. The sink knows which hops it has.
 */
export class HopExport implements Exporter {
  /** Hops that the last `range` left out, because they were open. */
  open = 0
  /** Up to here, no time is read again. */
  private settled: bigint | undefined

  constructor(
    private readonly resolver: Resolver,
    private readonly sink: HopSink,
    private readonly signal: AbortSignal,
    private readonly holdNanos: bigint,
  ) {}

  /**
   * @param noted called after each slice, until one could not be read whole.
   * Rejects if anything could not be read, after everything else was exported; at once if the sink fails.
   */
  async range(span: ExportSpan, noted: (slice: ExportedSlice) => void): Promise<void> {
    const held = BigInt(Date.now()) * 1_000_000n - this.holdNanos
    const failures: unknown[] = []
    this.open = 0
    if (this.settled !== undefined) {
      for (const slice of slicesOf({ ...span, from: this.settled, to: least(held, span.from) }))
        failures.push(...(await this.slice(slice, held)))
    }
    for (const slice of slicesOf(span)) {
      failures.push(...(await this.slice(slice, held)))
      if (failures.length === 0) noted({ to: slice.to, through: least(slice.to, held) })
    }
    if (failures.length > 0) throw failures[0]
    this.settled = least(span.to, held)
  }

  /** Gives the reasons why hops may be missing. `held`: older hops are not waited for. */
  private async slice(span: ExportSpan, held: bigint): Promise<unknown[]> {
    const failures: unknown[] = []
    try {
      for (const service of await this.services(span)) {
        try {
          await this.hopsOf({ ...span, service }, held)
        } catch (error) {
          // What could be read has been added. Only a later export can read the rest.
          if (!(error instanceof HoptraceError)) throw error
          failures.push(error)
        }
        await this.sink.flush()
      }
    } catch (error) {
      await this.sink.discard()
      throw error
    }
    return failures
  }

  private async services({ service }: ExportSpan): Promise<string[]> {
    if (service !== undefined) return [service]
    return [...new Set((await this.resolver.instances()).map((row) => row.service))].sort()
  }

  private async hopsOf(
    { service, from, to }: ExportSpan & { readonly service: string },
    held: bigint,
  ): Promise<void> {
    for await (const hop of this.resolver.range({ service, from, to, signal: this.signal })) {
      if (mayChange(hop, held)) this.open++
      else await this.sink.add(hop)
    }
  }
}

/** A hop is not final while it is open. It may also answer before its calls have ended. */
function mayChange({ state, next, hopId }: HopJson, held: bigint): boolean {
  if (state !== 'closed') return state === 'open'
  return hopIdNanos(hopId) > held && next.some(({ outcome }) => outcome === null)
}

/** Parts of a span, each in one hour. */
function* slicesOf(span: ExportSpan): Generator<ExportSpan> {
  for (let { from } = span; from < span.to;) {
    const to = least((from / sliceNanos + 1n) * sliceNanos, span.to)
    yield { ...span, from, to }
    from = to
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
