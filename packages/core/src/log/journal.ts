import { crc32 } from 'node:zlib'
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  isMissing,
  openFileSync,
  type Place,
  readFileSync,
  writeAllSync,
  writeReplacingSync,
} from '../files/index.js'
import { runFile } from '../rundir/index.js'
import type { HopState } from './hop-state.js'

/** The segments of one window in a cut: the window's number and the max id of each segment. */
export type WindowCut = readonly [window: number, maxIds: readonly string[]]

/**
 * A decision to ship: everything in the table at a position of the log, below the place `below`, that the
 * store does not have. The shipper writes it before its first put. So after a crash, the next owner completes
 * the cut with the same keys.
 */
export interface CutRecord {
  readonly type: 'cut'
  readonly number: number
  /** File and offset: entries before count, later ones do not. */
  readonly position: readonly [file: number, offset: number]
  /**
   * What begins from this place on is left for a later cut; null for none. In windows; a fraction is a place
   * within a window.
   */
  readonly below: number | null
  /** The run has ended: hops that are open at `position` are interrupted. */
  readonly interrupt: boolean
  /** All below this place was cut before this cut was made; the first lane is closed to it. */
  readonly cutBelow: number
  /** Windows from `cutBelow` on that were cut early. */
  readonly cutEarly: readonly number[]
  readonly first: readonly WindowCut[]
  readonly late: readonly WindowCut[]
  /** Names the segments of the late lane. Decimal. */
  readonly batch: string
}

/** What remains of shipped and deleted files: the first line of a rewritten journal. */
export interface CheckpointRecord {
  readonly type: 'checkpoint'
  /** Earlier files are no longer needed. */
  readonly firstFile: number
  /** The state of the hops below includes the log up to this position. */
  readonly known: readonly [file: number, offset: number]
  readonly cutBelow: number
  readonly cutEarly: readonly number[]
  readonly number: number
  /** The header of the deleted files, unchanged, and its signature. */
  readonly header: readonly [text: string, mac: string] | null
  readonly markedNanos: string
  readonly crash: string | null
  readonly dropped: readonly (readonly [from: string, to: string, count: number])[]
  readonly damage: number
  readonly hops: readonly HopState[]
}

export interface AckRecord {
  readonly type: 'ack'
  readonly number: number
}

/** The run has ended, and is shipped and registered as ended: only deleting its directory is left. */
export interface DoneRecord {
  readonly type: 'done'
}

export type JournalRecord = CutRecord | CheckpointRecord | AckRecord | DoneRecord

/** Readers refuse a larger journal. */
const maxBytes = 512 << 20

/**
 * The journal of a run: one line per record with its checksum, its consecutive number and JSON. Damaged or
 * missing lines are left out and counted. A torn last line is no damage: the shipper had not begun what it
 * says.
 */
export class Journal {
  private readonly file: Place
  private fd: number | undefined
  private next = 1

  constructor(runDir: string) {
    this.file = runFile(runDir, 'ship.journal')
  }

  /** The records. A torn last line is cut off, unless the caller only looks. */
  read(lookOnly = false): { records: JournalRecord[]; damage: number } {
    const records: JournalRecord[] = []
    let damage = 0
    let bytes: Buffer
    try {
      bytes = readFileSync(this.file, { maxBytes })
    } catch (error) {
      if (isMissing(error)) return { records, damage }
      throw error
    }
    let next = 1
    const whole = bytes.lastIndexOf('\n') + 1
    const lines = bytes.toString('utf8', 0, whole).split('\n').slice(0, -1)
    for (const line of lines) {
      const read = decodeLine(line)
      if (read === undefined || read.number !== next) damage++
      if (read === undefined) {
        next++
        continue
      }
      next = read.number + 1
      records.push(read.record)
    }
    this.next = next
    if (whole < bytes.length && !lookOnly) this.dropTorn(whole)
    return { records, damage }
  }

  /**
   * The line is in the kernel when this returns. Throws file system errors; a partly written line is removed.
   */
  append(record: JournalRecord): void {
    this.fd ??= openFileSync(this.file, 'make', { maxBytes })
    const bytes = Buffer.from(encodeLine(this.next, record))
    const { size } = fstatSync(this.fd)
    try {
      writeAllSync(this.fd, bytes, size)
      this.next++
    } catch (error) {
      ftruncateSync(this.fd, size)
      throw error
    }
  }

  private dropTorn(whole: number): void {
    this.fd ??= openFileSync(this.file, 'make', { maxBytes })
    ftruncateSync(this.fd, whole)
  }

  /** Replaces the whole journal in one step. */
  rewrite(records: readonly JournalRecord[]): void {
    const lines = records.map((record, i) => encodeLine(i + 1, record))
    writeReplacingSync(this.file, lines.join(''))
    this.close()
    this.next = lines.length + 1
  }

  close(): void {
    if (this.fd === undefined) return
    closeSync(this.fd)
    this.fd = undefined
  }
}

function encodeLine(number: number, record: JournalRecord): string {
  const text = `${number} ${JSON.stringify(record)}`
  return `${checksum(text)} ${text}\n`
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}

const types = new Set(['cut', 'checkpoint', 'ack', 'done'])

function decodeLine(line: string): { number: number; record: JournalRecord } | undefined {
  const text = line.slice(9)
  const [, number, json] = /^(\d{1,15}) (.*)$/.exec(text) ?? []
  if (json === undefined || line.slice(0, 9) !== `${checksum(text)} `) return undefined
  try {
    const record = JSON.parse(json) as JournalRecord
    return types.has(record.type) ? { number: Number(number), record } : undefined
  } catch {
    return undefined
  }
}
