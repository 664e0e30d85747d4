import type { RunInfo } from '../rundir/run-info.js'
import { setImmediate } from 'node:timers/promises'
import { HoptraceError } from '../base/errors.js'
import { FileRefused } from '../files/index.js'
import type { HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import type { DroppedRange } from '../record/instance-row.js'
import { readCheckpoint } from './checkpoint.js'
import { addDropped } from './drops.js'
import { HopTable } from './hop-table.js'
import { type CheckpointRecord, Journal } from './journal.js'
import { comparePositions, type LogPosition, LogTail } from './log-tail.js'
import { listLogFiles } from '../rundir/run-dir.js'
import { readLost } from './lost-file.js'

/** The content of one run's log on disk. */
export interface LoggedRun {
  readonly run: RunInfo
  /** The text that `run` was read from, and its signature: see `ClusterKeys.mac`. */
  readonly header: { readonly text: string; readonly mac: string }
  /** In log order. Hops without a close are `open`. */
  readonly hops: readonly HopRecord[]
  /** Hops of these that were logged earlier and forgotten: their records here are incomplete. */
  readonly continued: ReadonlySet<HopId>
  /** Every hop that began up to here is in the log, or was shipped and deleted. */
  readonly markedNanos: bigint
  readonly crash: string | null
  readonly dropped: readonly DroppedRange[]
  /** The log says that the run has ended. */
  readonly ended: boolean
  /** Damaged sections, entries and references. */
  readonly damage: number
  /** It begins with the run: no file of it has been shipped and deleted. */
  readonly whole: boolean
}

/** A shipper may delete files while we read them; its journal then says where to start again. */
const maxTries = 5
/** Hops between two turns of other work. */
const stretch = 10_000

export interface ReadRunOptions {
  /** A position that the log once reached: if it is shorter, its end is missing. */
  readonly through?: LogPosition
  /** Reading stops when it fires, with its reason. */
  readonly signal?: AbortSignal
}

/**
 * Reads a whole log at once and changes nothing. Shipped and deleted hops are not in it, except hops that
 * were open then. Rejects with `HOPTRACE_BAD_LOG` if no file names the log's run, or if the journal is not a
 * regular file, and with the file system's error if it cannot be read.
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
    const { signal } = options
    if (run === undefined) throw new HoptraceError('HOPTRACE_BAD_LOG', `${runDir} holds no readable log`)
    const hops: HopRecord[] = []
    const continued = new Set<HopId>()
    for (const { record, continued: anew } of table.hops()) {
      if (hops.push(record) % stretch === 0) {
        await setImmediate()
        signal?.throwIfAborted()
      }
      if (anew) continued.add(record.hopId)
    }
    const whole = (journal.checkpoint?.firstFile ?? 1) <= 1 && listLogFiles(runDir)[0] === 1
    return { run, header: table.header, hops, continued, markedNanos, crash, dropped, ended, damage, whole }
  }
}

/** The part of a journal that a reader needs. */
interface ReadJournal {
  readonly checkpoint: CheckpointRecord | undefined
  /** How much of the log the last cut included. */
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
  // Before the log: what leaves this file is in the log already.
  const lost = readLost(runDir)
  if (lost.damaged) table.damaged()
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
  if (lost.range !== undefined) addDropped(table.dropped, lost.range)
  return table
}

function tailFrom({ firstFile, known: [file, offset] }: CheckpointRecord) {
  return { from: { file: firstFile, offset: 0 }, knownThrough: { file, offset } }
}

/**
 * The run of a log, and the signature; undefined if the directory does not name it. Throws file system
 * errors.
 */
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

/** The run of a log; undefined if the directory does not name it. Throws file system errors. */
export function readRunInfo(runDir: string): RunInfo | undefined {
  return readRunHeader(runDir)?.run
}
