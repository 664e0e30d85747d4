import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandContext } from './context.js'
import { ExportProgress } from './export-progress.js'
import { parseDurationWithin, parseMoment } from './moment.js'

/** Which hops or traces are exported: those with a hop of these services in a span of time. */
export interface ExportSpan {
  /** @default all that are registered */
  readonly service?: string
  /** Nanoseconds since the epoch; inclusive. */
  readonly from: bigint
  /** Exclusive. */
  readonly to: bigint
}

/** A part of the time that has arrived. */
export interface ExportedSlice {
  /** Where the next part begins. */
  readonly to: bigint
  /** Where another process has to begin: earlier if something is held back. */
  readonly through: bigint
}

/** Exports slice by slice of time. */
export interface Exporter {
  /** @param noted called after each slice. Rejects if a slice could not be read or sent; what came before was noted. */
  range(span: ExportSpan, noted: (slice: ExportedSlice) => void): Promise<void>
}

/** Options of an export of a span of time. */
export interface SpanFlags {
  readonly service?: string
  readonly since?: string
  readonly until: string
  readonly follow?: boolean
  readonly every: string
  readonly resume?: string
}

/** Records become visible to all a little after they are written, and clocks of hosts differ. */
const settleNanos = 2_000_000_000n

/** Exports a span of time, or all from now on. */
export async function exportSpan(
  exported: Exporter,
  flags: SpanFlags,
  { output, signal }: CommandContext,
  /** Where it begins if nothing else says it, in nanoseconds since the epoch. */
  first: bigint,
): Promise<void> {
  const progress = new ExportProgress(flags.resume)
  const now = Date.now()
  const last = flags.follow ? undefined : parseMoment(flags.until, now)
  const every = parseDurationWithin(flags.every, '100ms', '1h')
  const of = flags.service === undefined ? {} : { service: flags.service }
  let from = progress.through ?? (flags.since === undefined ? first : parseMoment(flags.since, now))
  const status = output.status()
  const upTo = (to: bigint): Promise<void> =>
    exported.range({ ...of, from, to }, (slice) => {
      progress.note(slice.through)
      from = slice.to
      status?.show(`exported through ${new Date(Number(slice.through / 1_000_000n)).toISOString()}`)
    })
  try {
    if (last !== undefined) return await upTo(last)
    for (;;) {
      const to = BigInt(Date.now()) * 1_000_000n - settleNanos
      try {
        if (to > from) await upTo(to)
      } catch (error) {
        signal.throwIfAborted()
        // The records stay where they are, and are read again.
        output.warn(error instanceof Error ? error.message : String(error))
      }
      await sleep(every, undefined, { signal })
    }
  } finally {
    status?.end()
  }
}
