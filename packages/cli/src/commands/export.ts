import type { Command } from 'commander'
import type { CommandContext } from '../context.js'
import type { OtlpFlags } from '../export-otlp.js'
import type { ParquetFlags } from '../export-parquet.js'
import { UsageError } from '../usage-error.js'

type ExportFlags = Omit<OtlpFlags, 'otlp'> & Partial<Pick<OtlpFlags, 'otlp'> & ParquetFlags>

/** `hoptrace export`: traces to what takes OTLP, or hops into Parquet files. */
export async function run(context: CommandContext, command: Command, argument: string): Promise<void> {
  const flags = command.optsWithGlobals<ExportFlags>()
  const subject = argument === 'undefined' ? undefined : argument
  const { otlp, parquet } = flags
  if ((otlp === undefined) === (parquet === undefined))
    throw new UsageError(
      'one place to export to is needed',
      'name --otlp http://127.0.0.1:4318, or --parquet DIR',
    )
  if (otlp !== undefined) {
    const { exportOtlp } = await import('../export-otlp.js')
    return exportOtlp({ ...flags, otlp }, context, subject)
  }
  if (parquet === undefined) return
  if (subject !== undefined || flags.header !== undefined)
    throw new UsageError('--parquet takes neither one trace nor --header', 'name a span of time: --since 1d')
  const { exportParquet } = await import('../export-parquet.js')
  return exportParquet({ ...flags, parquet }, context)
}
