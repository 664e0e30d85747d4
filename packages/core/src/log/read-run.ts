import { setImmediate } from 'node:timers/promises'
import { HoptraceError } from '../errors.js'
import type { HopRecord } from '../hop/record.js'
import type { DroppedRange } from '../store/instance-row.js'
import type { RunInfo } from './entries.js'
import { HopTable } from './hop-table.js'
import { LogTail } from './log-tail.js'

/** What the log of one run says, as far as it is on disk. */
export interface LoggedRun {
  readonly run: RunInfo
  /** In the order in which they stand in the log. Hops that the log does not close are `open`. */
  readonly hops: readonly HopRecord[]
  /** Every hop that began up to here is in the log. */
  readonly markedNanos: bigint
  readonly crash: string | null
  readonly dropped: readonly DroppedRange[]
  /** The run said that it ended. */
  readonly ended: boolean
  /** Stretches, entries and references that could not be read. */
  readonly damage: number
}

/**
 * Reads a whole log at once and changes nothing. What has been shipped and deleted is not in it any more.
 * Rejects with `HOPTRACE_BAD_LOG` when no file says whose log it is, and with what the file system says when it cannot be read.
 */
export async function readRun(runDir: string): Promise<LoggedRun> {
  const table = new HopTable()
  const tail = new LogTail(runDir, table, { complete: true })
  try {
    while (tail.poll(1 << 20) > 0) await setImmediate()
  } finally {
    tail.close()
  }
  const { run, markedNanos, crash, dropped, ended, damage } = table
  if (run === undefined) throw new HoptraceError('HOPTRACE_BAD_LOG', `${runDir} holds no readable log`)
  const hops = Array.from(table.hops(), ({ record }) => record)
  return { run, hops, markedNanos, crash, dropped, ended, damage }
}
