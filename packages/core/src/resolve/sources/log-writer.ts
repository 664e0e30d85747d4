import { isOwnRun, isStopped, tokenOfProcess } from '../../rundir/index.js'

/** Who writes a log of this host, and how far it has come. */
export interface LogWriter {
  readonly runDir: string
  readonly pid: number
  /** The process's name among all that ever had its number; undefined when its life says nothing of the run's. */
  readonly process: string | undefined
  /** When the log was last written, by the file system. */
  readonly writtenNanos: bigint
  /** The last mark in it. */
  readonly markedNanos: bigint
}

/** A mark comes every second. It speaks of a moment before, and is late where the process is busy. */
const silentNanos = 3_000_000_000n
const markTrailNanos = 1_000_000_000n

/**
 * Is what this log leaves open really open? Only its own process can prove that: whoever ships the log of a dead run owns its
 * directory, and may have its process number. A run that does not own its directory goes on in another one. A log that was marked just now says all that happened: what it could not keep
 * stands before the mark. One that is silent may be unable to be written, unless its process is stopped and does nothing.
 * Where processes cannot be told apart (not Linux, another process namespace) nothing is proven.
 */
export function isWriting(writer: LogWriter): boolean {
  const { runDir, pid, process: name, writtenNanos, markedNanos } = writer
  if (name === undefined || tokenOfProcess(pid) !== name) return false
  if (!isOwnRun(runDir)) return false
  const now = BigInt(Date.now()) * 1_000_000n
  // By both clocks: a mark's is ahead for as long as the time was set back.
  const marked = now - writtenNanos <= silentNanos && now - markedNanos <= silentNanos + markTrailNanos
  return marked || isStopped(pid)
}
