import type { FileCounts, HopFiles } from '@hoptrace/parquet'
import type { InstanceRow } from '@hoptrace/core'
import type { CommandContext, GlobalOptions } from './context.js'
import { EXIT } from './exit-codes.js'
import { HopExport } from './export-hops.js'
import { exportSpan, type SpanFlags } from './export-span.js'
import { count, formatBytes } from './format-units.js'
import { loadPackage } from './load-package.js'
import { parseDurationWithin } from './moment.js'
import { withResolver } from './open-resolver.js'

export interface ParquetFlags extends GlobalOptions, SpanFlags {
  readonly parquet: string
  readonly hold: string
}

/**
 * `hoptrace export --parquet DIR`: the hops of a span of time, all that stores keep, or all from now on, as Parquet files. Exit code 3 if
 * not all could be read.
 */
export async function exportParquet(flags: ParquetFlags, context: CommandContext): Promise<void> {
  const { output, exitWith, signal } = context
  const holdNanos = BigInt(parseDurationWithin(flags.hold, '0s', '24h')) * 1_000_000n
  const loaded = await loadWriter()
  const files = new loaded.HopFiles(flags.parquet)
  const { exported, told } = await withResolver(flags, context, async (resolver, told) => {
    const exported = new HopExport(resolver, files, signal, holdNanos)
    await files.open()
    try {
      const first = flags.follow ? BigInt(Date.now()) * 1_000_000n : oldestKept(await resolver.instances())
      await exportSpan(exported, flags, context, first)
    } catch (error) {
      // What follows ends by Ctrl-C.
      if (!(flags.follow && signal.aborted)) throw error
    } finally {
      await files.close()
    }
    return { exported, told }
  })
  const view = { ...files.counts, open: exported.open }
  if (flags.json) await output.document(view)
  else await output.lines([sentence(view)])
  exitWith(told.warnings === 0 ? EXIT.good : EXIT.unknown)
}

const expiringNanos = 3_600_000_000_000n

/** When the oldest record began that a store may have, without those that expire while the export reads. */
function oldestKept(rows: readonly InstanceRow[]): bigint {
  const now = BigInt(Date.now()) * 1_000_000n
  const begins = rows.map(({ startNanos, keepsSeconds }) => {
    const kept = keepsSeconds === undefined ? 0n : now - BigInt(keepsSeconds) * 1_000_000_000n + expiringNanos
    return startNanos > kept ? startNanos : kept
  })
  return begins.reduce((least, begin) => (begin < least ? begin : least), now)
}

/** The writer and its zstd are large, and only this command needs them. */
const loadWriter = (): Promise<{ readonly HopFiles: typeof HopFiles }> =>
  loadPackage('@hoptrace/parquet', () => import('@hoptrace/parquet'))

function sentence({ hops, known, files, bytes, open }: FileCounts & { readonly open: number }): string {
  const more = [
    ...(known > 0 ? [`${count(known, 'hop')} exported before`] : []),
    ...(open > 0 ? [`${count(open, 'hop')} still open: export this time again once they have ended`] : []),
  ]
  return [
    `${count(hops, 'hop')} exported into ${count(files, 'file')} (${formatBytes(bytes)})`,
    ...more,
  ].join(', ')
}
