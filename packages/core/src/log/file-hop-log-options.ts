import type { RunInfo } from '../rundir/run-info.js'
import type { Diagnostics } from '../base/diagnostics.js'
import type { FrameWriterOptions } from './frame-writer.js'
import type { Ownership } from './ownership.js'

/** The options of `FileHopLog`. */
export interface FileHopLogOptions {
  /** The run's directory; created with the first entry. */
  readonly runDir: string
  /** The run, for each file's header. Must be known by the first hop. */
  readonly run: () => RunInfo
  /**
   * At this size, the writer closes a file and begins the next. @default 8 MiB, or an eighth of `maxLogBytes`
   */
  readonly maxFileBytes?: number
  /**
   * Limit of undeleted files: from 80% on details are shed, from 100% on new hops are dropped. @default 256
   * MiB
   */
  readonly maxLogBytes?: number
  /** Bytes of attributes of one event, or of one call of `attributes`. At most 32 KiB. @default 4096 */
  readonly maxEventBytes?: number
  readonly diagnostics?: Diagnostics
  /** Signs the header of each file. @default a signature that no reader accepts */
  readonly sign?: (header: string) => string
  /** The ownership of the directory. @default this process owns the directory while it exists */
  readonly ownership?: Ownership
}

/** The options of the frame writer, with their defaults. */
export function frameWriterOptions(options: FileHopLogOptions): FrameWriterOptions {
  const { runDir, run, maxLogBytes = 256 << 20, diagnostics = () => undefined, ownership } = options
  const { sign = () => '' } = options
  // Only closed files are deleted. If the open one alone could reach the limit, the log would stay full.
  const maxFileBytes = options.maxFileBytes ?? Math.min(8 << 20, Math.ceil(maxLogBytes / 8))
  return { runDir, run, maxFileBytes, maxLogBytes, diagnostics, ownership, sign }
}
