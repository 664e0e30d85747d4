import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { UsageError } from './usage-error.js'

/** How far an export is, in a file: an interrupted one continues there. */
export class ExportProgress {
  constructor(private readonly file: string | undefined) {}

  /** Nanoseconds since the epoch through which everything has arrived. Throws UsageError for a file that hoptrace did not write. */
  get through(): bigint | undefined {
    if (this.file === undefined || !existsSync(this.file)) return undefined
    try {
      const { exportedThrough } = JSON.parse(readFileSync(this.file, 'utf8')) as { exportedThrough?: unknown }
      if (typeof exportedThrough === 'string' && /^\d{1,19}$/.test(exportedThrough))
        return BigInt(exportedThrough)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
    throw new UsageError(
      `${this.file} does not say how far an export is`,
      'remove it, or name another --resume file',
    )
  }

  /** Replaces the file, so that it is whole after a crash. */
  note(through: bigint): void {
    if (this.file === undefined) return
    writeFileSync(`${this.file}.new`, `${JSON.stringify({ exportedThrough: String(through) })}\n`, {
      mode: 0o600,
    })
    renameSync(`${this.file}.new`, this.file)
  }
}
