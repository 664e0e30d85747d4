import type { RunInfo } from '../rundir/run-info.js'
import { setImmediate } from 'node:timers/promises'
import { HoptraceError } from '../base/errors.js'
import { FileRefused } from '../files/index.js'
import type { HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import type { DroppedRange } from '../record/instance-row.js'
import { readCheckpoint } from './checkpoint.js'
import { HopTable } from './hop-table.js'
import { type CheckpointRecord, Journal } from './journal.js'
import { comparePositions, type LogPosition, LogTail } from './log-tail.js'

/** What the log of one run says, as far as it is on disk. */
export interface LoggedRun {
  readonly run: RunInfo
  /** The text that `run` was read from, and its signature: see `ClusterKeys.mac`. */
  readonly header: { readonly text: string; readonly mac: string }
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

export interface ReadRunOptions {
  /** How far the log was written at some time: when there is less of it, its end is missing. */
  readonly through?: LogPosition
  /** Reading stops when it fires, with its reason. */
  readonly signal?: AbortSignal
}

/**
 * Reads a whole log at once and changes nothing. What has been shipped and deleted is not in it any more, but for hops
 * that were open then. Rejects with `HOPTRACE_BAD_LOG` when no file says whose log it is and when its journal is no file, and
 * with what the file system says when it cannot be read.
 */
export async function readRun(runDir: string, options: ReadRunOptions = {}): Promise<LoggedRun> {
  let journal = readJournal(runDir)
  for (let tries = 1; ; tries++) {
    const table = await readTable(runDir, journal, options)
    const next = readJournal(runDir)
    if (next.checkpoint?.firstFile !== journal.checkpoint?.firstFile && tries < maxTries) {
      journal = next
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
    return { run, header: table.header, hops, continued, markedNanos, crash, dropped, ended, damage }
  }
}

/** What a reader has to know of a journal. */
interface ReadJournal {
  readonly checkpoint: CheckpointRecord | undefined
  /** How far the log was read when the last cut was made. */
  readonly through: LogPosition
  readonly damage: number
}

function readJournal(runDir: string): ReadJournal {
  try {
    const { records, damage } = new Journal(runDir).read(true)
    let through: LogPosition = { file: 0, offset: 0 }
    for (const record of records) {
      if (record.type !== 'cut') continue
      const [file, offset] = record.position
      if (comparePositions({ file, offset }, through) > 0) through = { file, offset }
    }
    return { checkpoint: records.findLast((record) => record.type === 'checkpoint'), through, damage }
  } catch (cause) {
    if (!(cause instanceof FileRefused)) throw cause
    throw new HoptraceError('HOPTRACE_BAD_LOG', `the journal of ${runDir} cannot be read: ${cause.message}`, {
      cause,
    })
  }
}

async function readTable(runDir: string, journal: ReadJournal, options: ReadRunOptions): Promise<HopTable> {
  const { signal, through } = options
  const { checkpoint, damage } = journal
  const table = new HopTable()
  if (checkpoint !== undefined) readCheckpoint(table, checkpoint)
  for (let i = 0; i < damage; i++) table.damaged()
  const reaches = [journal.through, ...(through === undefined ? [] : [through])]
  const tail = new LogTail(runDir, table, {
    complete: true,
    reaches,
    ...(checkpoint && tailFrom(checkpoint)),
  })
  try {
    do signal?.throwIfAborted()
    while (tail.poll(1 << 20) > 0 && (await setImmediate(true)))
  } finally {
    tail.close()
  }
  return table
}

function tailFrom({ firstFile, known: [file, offset] }: CheckpointRecord) {
  return { from: { file: firstFile, offset: 0 }, knownThrough: { file, offset } }
}

/** Whose log it is, and who says so; undefined when nothing in the directory does. Throws what the file system throws. */
export function readRunHeader(runDir: string): { run: RunInfo; text: string; mac: string } | undefined {
  const table = new HopTable()
  const { checkpoint } = readJournal(runDir)
  if (checkpoint !== undefined) readCheckpoint(table, checkpoint)
  const tail = new LogTail(runDir, table, { complete: true })
  try {
    while (table.run === undefined && tail.poll(1) > 0);
  } finally {
    tail.close()
  }
  return table.run === undefined ? undefined : { run: table.run, ...table.header }
}

/** Whose log it is; undefined when nothing in the directory says so. Throws what the file system throws. */
export function readRunInfo(runDir: string): RunInfo | undefined {
  return readRunHeader(runDir)?.run
}
