import { setImmediate } from 'node:timers/promises'
import { HoptraceError } from '../errors.js'
import type { HopRecord } from '../hop/record.js'
import type { HopId } from '../id/types.js'
import type { DroppedRange } from '../store/instance-row.js'
import { readCheckpoint } from './checkpoint.js'
import type { RunInfo } from './entries.js'
import { HopTable } from './hop-table.js'
import { type CheckpointRecord, Journal } from './journal.js'
import { LogTail } from './log-tail.js'

/** What the log of one run says, as far as it is on disk. */
export interface LoggedRun {
  readonly run: RunInfo
  /** In the order in which they stand in the log. Hops that the log does not close are `open`. */
  readonly hops: readonly HopRecord[]
  /** Those of them that the log had known and forgotten: what it says of them now is not all. */
  readonly continued: ReadonlySet<HopId>
  /** Every hop that began up to here is in the log, or was shipped and deleted. */
  readonly markedNanos: bigint
  readonly crash: string | null
  readonly dropped: readonly DroppedRange[]
  /** The run said that it ended. */
  readonly ended: boolean
  /** Stretches, entries and references that could not be read. */
  readonly damage: number
}

/** Files may be shipped and deleted while they are read; what stands in the journal then says where to begin again. */
const maxTries = 5

/**
 * Reads a whole log at once and changes nothing. What has been shipped and deleted is not in it any more, but for hops
 * that were open then. Rejects with `HOPTRACE_BAD_LOG` when no file says whose log it is, and with what the file system
 * says when it cannot be read.
 */
export async function readRun(runDir: string): Promise<LoggedRun> {
  let checkpoint = findCheckpoint(runDir)
  for (let tries = 1; ; tries++) {
    const table = await readTable(runDir, checkpoint)
    const next = findCheckpoint(runDir)
    if (next?.firstFile !== checkpoint?.firstFile && tries < maxTries) {
      checkpoint = next
      continue
    }
    const { run, markedNanos, crash, dropped, ended, damage } = table
    if (run === undefined) throw new HoptraceError('HOPTRACE_BAD_LOG', `${runDir} holds no readable log`)
    const hops: HopRecord[] = []
    const continued = new Set<HopId>()
    for (const { record, continued: anew } of table.hops()) {
      hops.push(record)
      if (anew) continued.add(record.hopId)
    }
    return { run, hops, continued, markedNanos, crash, dropped, ended, damage }
  }
}

function findCheckpoint(runDir: string): CheckpointRecord | undefined {
  return new Journal(runDir).read(true).records.findLast((record) => record.type === 'checkpoint')
}

async function readTable(runDir: string, checkpoint: CheckpointRecord | undefined): Promise<HopTable> {
  const table = new HopTable()
  if (checkpoint !== undefined) readCheckpoint(table, checkpoint)
  const tail = new LogTail(runDir, table, { complete: true, ...(checkpoint && tailFrom(checkpoint)) })
  try {
    while (tail.poll(1 << 20) > 0) await setImmediate()
  } finally {
    tail.close()
  }
  return table
}

function tailFrom({ firstFile, known: [file, offset] }: CheckpointRecord) {
  return { from: { file: firstFile, offset: 0 }, knownThrough: { file, offset } }
}

/** Whose log it is; undefined when nothing in the directory says so. Throws what the file system throws. */
export function readRunInfo(runDir: string): RunInfo | undefined {
  const table = new HopTable()
  const checkpoint = findCheckpoint(runDir)
  if (checkpoint !== undefined) readCheckpoint(table, checkpoint)
  const tail = new LogTail(runDir, table, { complete: true })
  try {
    while (table.run === undefined && tail.poll(1) > 0);
  } finally {
    tail.close()
  }
  return table.run
}
