import type { RunInfo } from '../rundir/run-info.js'
import type { Diagnostics } from '../base/diagnostics.js'
import type { FrameWriterOptions } from './frame-writer.js'
import type { Ownership } from './ownership.js'

/** How `FileHopLog` is made. */
export interface FileHopLogOptions {
  /** The run's directory; created with the first entry. */
  readonly runDir: string
  /** Who writes: asked for each file's header. Must be known by the first hop. */
  readonly run: () => RunInfo
  /** A file is closed and the next one begun at this size. @default 8 MiB, or an eighth of `maxLogBytes` */
  readonly maxFileBytes?: number
  /** Bytes of files that are not deleted yet: from 80% on details are shed, from 100% on new hops are dropped. @default 256 MiB */
  readonly maxLogBytes?: number
  /** Attributes of one event, or of one call of `attributes`. At most 32 KiB. @default 4096 */
  readonly maxEventBytes?: number
  readonly diagnostics?: Diagnostics
  /** Signs the header of each file. @default a signature that nobody takes */
  readonly sign?: (header: string) => string
  /** Whose directory it is. @default its own for as long as it is there */
  readonly ownership?: Ownership
}

/** The options of what writes its frames, with their defaults. */
export function frameWriterOptions(options: FileHopLogOptions): FrameWriterOptions {
  const { runDir, run, maxLogBytes = 256 << 20, diagnostics = () => undefined, ownership } = options
  const { sign = () => '' } = options
  // Only closed files are deleted: a limit that the open one reaches alone would never be met again.
  const maxFileBytes = options.maxFileBytes ?? Math.min(8 << 20, Math.ceil(maxLogBytes / 8))
  return { runDir, run, maxFileBytes, maxLogBytes, diagnostics, ownership, sign }
}
