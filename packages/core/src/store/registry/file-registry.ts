import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import {
  type Entry,
  isMissing,
  listedFileReader,
  makeDirSync,
  type Place,
  stampSync,
  StillList,
  writeReplacing,
  writeReplacingSync,
} from '../../files/index.js'
import { type AskersKeys, type ClusterKeys, keysHere } from '../../key/index.js'
import type { InstanceRow, Registry, RegistryRows } from '../../record/instance-row.js'
import { rowLimits } from './check-row.js'
import { removeRows } from './remove-rows.js'
import { rowFile, rowFileStart } from './row-file.js'
import { readPaths, writtenPaths } from './row-paths.js'
import { type ReadRow, readRow, writeRow } from './signed-row.js'
import { UnreadRows } from './unread-rows.js'

/** The most rows and bytes that are read at a time; the newest runs count. */
const maxFiles = 200_000
const maxBytes = 512 * 1024 * 1024
/** After this number of files, other work may run. */
const stretch = 64

/**
 * One file for each instance run in `<dataDir>/registry/`, signed, synced, and replaced as a whole, so that
 * it is read without a lock and never half. Only for processes that share the directory. `list` writes
 * nothing, follows no link and waits for no pipe. Paths in rows are relative to the data directory in files,
 * and absolute in what `list` gives.
 * @param keys Verify rows and sign them. @default those of `HOPTRACE_KEY`, or of the key that the directory
 * keeps
 */
export function fileRegistry(dataDir: string, keys: AskersKeys = keysHere(dataDir)): Registry {
  const dir = path.resolve(dataDir)
  const reader = new RowReader(dir, keys)
  return {
    name: path.join(dir, 'registry'),

    list: () => reader.list(),

    async put(row) {
      const text = writeRow(writtenPaths(row, dir), keys)
      makeDirSync({ dir, name: 'registry' })
      await writeReplacing(placeOf(dir, rowFile(row)), text)
    },

    removeEnded: (ended) => removeRows(dir, keys, ended),

    async close() {},
  }
}

/**
 * The same as `put`, without waiting: for the moment before a run's first hop. Until a run is registered, a
 * question takes its address for that of an earlier run, or of none. Throws what the file system throws.
 */
export function registerNow(dataDir: string, keys: ClusterKeys, row: InstanceRow): void {
  const dir = path.resolve(dataDir)
  const text = writeRow(writtenPaths(row, dir), () => keys)
  makeDirSync({ dir, name: 'registry' })
  writeReplacingSync(placeOf(dir, rowFile(row)), text)
}

/** A row's file as it was read, and what came of it. */
interface Known {
  readonly stamp: string
  readonly read: ReadRow
  readonly bytes: number
}

/** Reads rows, and reads those again that changed since: of many runs few do. */
class RowReader {
  private known = new Map<string, Known>()
  private fingerprint: string | undefined
  private readonly files: StillList

  constructor(
    private readonly dir: string,
    private readonly keys: AskersKeys,
  ) {
    this.files = new StillList({ dir, name: 'registry' })
  }

  async list(): Promise<RegistryRows> {
    const { dir } = this
    const files = rowFiles(await this.files.listLater())
    if (files.length === 0) return { rows: [], unread: [] }
    const rows: InstanceRow[] = []
    const unread = new UnreadRows()
    const before = this.before()
    const known = new Map<string, Known>()
    const readFile = listedFileReader({ dir, name: 'registry' }, { maxBytes: rowLimits.bytes })
    let bytes = 0
    for (const [index, { name, kind }] of files.entries()) {
      if (index % stretch === stretch - 1) await setImmediate()
      if (index >= maxFiles || bytes > maxBytes) {
        unread.add(this.where(name), 'is one row more than can be read at a time')
        continue
      }
      const found = kind === 'file' ? this.read(name, before.get(name), readFile) : notPlain
      if (found === undefined) continue
      known.set(name, found)
      bytes += found.bytes
      const { read } = found
      if ('why' in read) unread.add(this.where(name), read.why)
      else rows.push(read.row)
    }
    this.known = known
    return { rows, unread: unread.all }
  }

  /** What is known under the keys in use now. */
  private before(): ReadonlyMap<string, Known> {
    let fingerprint: string | undefined
    try {
      fingerprint = this.keys()?.fingerprint
    } catch {
      // Each row says why.
    }
    if (fingerprint === undefined || fingerprint !== this.fingerprint) this.known.clear()
    this.fingerprint = fingerprint
    return this.known
  }

  /** A row's file; undefined when it is gone. */
  private read(
    name: string,
    known: Known | undefined,
    readFile: ReturnType<typeof listedFileReader>,
  ): Known | undefined {
    try {
      if (known !== undefined && known.stamp === stampSync(this.where(name))) return known
      const { bytes, stamp } = readFile(name)
      return { stamp, read: this.rowOf(name, bytes.toString('utf8')), bytes: bytes.length }
    } catch (error) {
      if (isMissing(error)) return undefined
      return { stamp: '', read: { why: `cannot be read: ${(error as Error).message}` }, bytes: 0 }
    }
  }

  private rowOf(name: string, text: string): ReadRow {
    const read = readRow(text, this.keys)
    if ('why' in read) return read
    return rowFile(read.row) === name
      ? { row: readPaths(read.row, this.dir) }
      : { why: 'is the row of another run' }
  }

  private where(name: string): string {
    return `${this.dir}/registry/${name}`
  }
}

const notPlain: Known = { stamp: '', read: { why: 'is not a plain file' }, bytes: 0 }

/**
 * What may be rows, newest run first. A name that no row can have is one that was damaged: its row is
 * missing.
 */
function rowFiles(entries: readonly Entry[]): Entry[] {
  return entries
    .filter(({ name }) => name.endsWith('.json'))
    .map((entry) => ({ entry, start: rowFileStart(entry.name) }))
    .sort((a, b) => (a.start < b.start ? 1 : a.start > b.start ? -1 : 0))
    .map(({ entry }) => entry)
}

function placeOf(dir: string, name: string): Place {
  return { dir, name: `registry/${name}` }
}
