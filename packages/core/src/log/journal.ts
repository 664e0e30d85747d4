import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { isMissing } from '../files/index.js'
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
  /** The header of the files that are gone. */
  readonly run: string | null
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

/** The journal of a run: one checksummed JSON line a record. Lines that are torn or damaged are left out and counted. */
export class Journal {
  private readonly file: string
  private fd: number | undefined

  constructor(runDir: string) {
    this.file = path.join(runDir, 'ship.journal')
  }

  /** What stands in it. Unless it is only looked at, a torn last line is ended, so that the next one is whole. */
  read(lookOnly = false): { records: JournalRecord[]; damage: number } {
    const records: JournalRecord[] = []
    let damage = 0
    let text: string
    try {
      text = readFileSync(this.file, 'utf8')
    } catch (error) {
      if (isMissing(error)) return { records, damage }
      throw error
    }
    const lines = text.split('\n')
    const torn = lines.pop()
    for (const line of lines) {
      const record = decodeLine(line)
      if (record === undefined) damage++
      else records.push(record)
    }
    if (torn !== undefined && torn !== '' && !lookOnly) this.append(undefined)
    return { records, damage }
  }

  /** In the kernel when it returns. Throws what the file system throws; a line that was written in part is taken back. */
  append(record: JournalRecord | undefined): void {
    this.fd ??= openSync(this.file, 'a', 0o640)
    const bytes = Buffer.from(record === undefined ? '\n' : encodeLine(record))
    const { size } = fstatSync(this.fd)
    let written = 0
    try {
      written = writeSync(this.fd, bytes)
    } finally {
      if (written < bytes.length) ftruncateSync(this.fd, size)
    }
    if (written < bytes.length) throw new Error('ENOSPC')
  }

  /** Replaces the whole journal, in one step. */
  rewrite(records: readonly JournalRecord[]): void {
    const next = `${this.file}.next`
    const fd = openSync(next, 'w', 0o640)
    try {
      const bytes = Buffer.from(records.map(encodeLine).join(''))
      if (writeSync(fd, bytes) !== bytes.length) throw new Error('ENOSPC')
    } catch (error) {
      rmSync(next, { force: true })
      throw error
    } finally {
      closeSync(fd)
    }
    this.close()
    renameSync(next, this.file)
  }

  close(): void {
    if (this.fd === undefined) return
    closeSync(this.fd)
    this.fd = undefined
  }
}

function encodeLine(record: JournalRecord): string {
  const json = JSON.stringify(record)
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
}

const types = new Set(['cut', 'checkpoint', 'ack', 'done'])

function decodeLine(line: string): JournalRecord | undefined {
  const json = line.slice(9)
  if (line.slice(0, 9) !== `${crc32(json).toString(16).padStart(8, '0')} `) return undefined
  try {
    const record = JSON.parse(json) as JournalRecord
    return types.has(record.type) ? record : undefined
  } catch {
    return undefined
  }
}
