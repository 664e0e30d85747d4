import type { RunInfo } from '../rundir/run-info.js'
import type { ShipStats } from '../ship/ship-stats.js'
import type { HopLog } from '../log/entries.js'

/** What a recorder needs of the run that it records. */
export interface RecordedRun {
  /** Where its log is. */
  readonly dir: string
  readonly log: Pick<HopLog, 'stats'>
  /** Logs every hop that began at least this long ago. */
  sweep(olderMillis: number): void
}

/**
 * What turns the log of one run into segments and answers questions about it. It lives in a worker thread, or
 * on the main thread for stores that are objects of this process.
 */
export interface Recorder {
  /** The run's address is known and its log may have entries. */
  start(run: RunInfo): void
  /** It is known under other addresses, too: says so in the registry at once. */
  describe(run: RunInfo): void
  /** The run continues in another directory, which has everything that is not shipped. */
  relocated(runDir: string): void
  /** The request thread runs, and will run again after this time. */
  requestThreadTurns(periodMillis: number): void
  /**
   * Everything in the log so far is in the store when it resolves. Rejects when the store does not take it.
   */
  flush(): Promise<void>
  stats(): ShipStats
  /**
   * The process is about to exit, and all is in its log. A thread that cannot be stopped must not keep it.
   */
  exiting(code: number): void
  /** Ships the rest within its deadline, then closes store and log. Never rejects. */
  close(): Promise<void>
}
