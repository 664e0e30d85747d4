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

/** Where one window's records of a cut went: the window's number and the max id of each segment. */
export type WindowCut = readonly [window: number, maxIds: readonly string[]]

/**
 * A decision to ship: everything in the table at a position of the log, of windows below `below`, that the store does not
 * have. It stands in the journal before its first put, so that it is carried out with the same keys whoever ends it.
 */
export interface CutRecord {
  readonly type: 'cut'
  readonly number: number
  /** File and offset: entries before count, later ones do not. */
  readonly position: readonly [file: number, offset: number]
  /** Windows from here on are left for later; null for none. */
  readonly below: number | null
  /** The run is over: what is open at `position` is interrupted. */
  readonly interrupt: boolean
  /** Windows below were cut before this one was made; the first lane is closed to them. */
  readonly cutBelow: number
  /** Windows from `cutBelow` on that were cut early. */
  readonly cutEarly: readonly number[]
  readonly first: readonly WindowCut[]
  readonly late: readonly WindowCut[]
  /** Names the late lane's segments. Decimal. */
  readonly batch: string
}

/** What shipped and deleted files leave behind: the first line of a journal that was begun anew. */
export interface CheckpointRecord {
  readonly type: 'checkpoint'
  /** Files before are not needed any more. */
  readonly firstFile: number
  /** The hops below are what the log up to here made of them. */
  readonly known: readonly [file: number, offset: number]
  readonly cutBelow: number
  readonly cutEarly: readonly number[]
  readonly number: number
  /** The header of the files that are gone, as it stands in them, and its signature. */
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

/** The run is over, shipped and registered as such: its directory only waits for its deletion. */
export interface DoneRecord {
  readonly type: 'done'
}

export type JournalRecord = CutRecord | CheckpointRecord | AckRecord | DoneRecord

/** A larger journal is none of ours. */
const maxBytes = 512 << 20

/**
 * The journal of a run: a line a record, which is its checksum, its running number and JSON. Lines that are damaged or missing in
 * between are left out and counted. A torn last line is none: what it says was not begun.
 */
export class Journal {
  private readonly file: Place
  private fd: number | undefined
  private next = 1

  constructor(runDir: string) {
    this.file = runFile(runDir, 'ship.journal')
  }

  /** What stands in it. Unless it is only looked at, a torn last line is cut off. */
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

  /** In the kernel when it returns. Throws what the file system throws; a line that was written in part is taken back. */
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

  /** Replaces the whole journal, in one step. */
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
