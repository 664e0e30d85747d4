import { timing } from '../../base/timing.js'
import { isOwnRun, isStopped, tokenOfProcess } from '../../rundir/index.js'

/** Who writes a log of this host, and how far it has come. */
export interface LogWriter {
  readonly runDir: string
  readonly pid: number
  /**
   * The process's name among all that ever had its number; undefined when its life says nothing of the run's.
   */
  readonly process: string | undefined
  /** When the log was last written, by the file system. */
  readonly writtenNanos: bigint
  /** The last mark in it. */
  readonly markedNanos: bigint
}

/**
 * Returns true only if the process that wrote this log is still running, still owns the directory, and wrote
 * a recent mark (or is stopped). Ownership alone proves nothing: an adopter owns the directory too, and may
 * have the same process number. The mark matters because drops are logged before it; a silent log may be
 * unwritable. Where processes with one number cannot be distinguished (not Linux, another process namespace),
 * it returns false.
 */
export function isWriting(writer: LogWriter): boolean {
  const { runDir, pid, process: name, writtenNanos, markedNanos } = writer
  if (name === undefined || tokenOfProcess(pid) !== name) return false
  if (!isOwnRun(runDir)) return false
  const now = BigInt(Date.now()) * 1_000_000n
  // By both clocks: a mark's is ahead for as long as the time was set back.
  const marked =
    now - writtenNanos <= timing.silentLogNanos &&
    now - markedNanos <= timing.silentLogNanos + timing.markTrailNanos
  return marked || isStopped(pid)
}
