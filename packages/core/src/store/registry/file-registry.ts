import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import {
  type Entry,
  isMissing,
  listDir,
  makeDirSync,
  type Place,
  readFileSync,
  writeReplacing,
  writeReplacingSync,
} from '../../files/index.js'
import { type AskersKeys, type ClusterKeys, keysHere } from '../../key/index.js'
import type { InstanceRow, InstanceRows, Registry } from '../../record/instance-row.js'
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
  return {
    name: path.join(dir, 'registry'),

    list: () => listRows(dir, keys),

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

async function listRows(dir: string, keys: AskersKeys): Promise<InstanceRows> {
  const rows: InstanceRow[] = []
  const unread = new UnreadRows()
  let bytes = 0
  let count = 0
  for (const { name, kind } of await rowFiles(dir)) {
    if (++count % stretch === 0) await setImmediate()
    const where = `${path.join(dir, 'registry')}/${name}`
    if (count > maxFiles || bytes > maxBytes) {
      unread.add(where, 'is one row more than can be read at a time')
      continue
    }
    const text = kind === 'file' ? readText(dir, name) : { why: 'is not a plain file' }
    if (text === undefined) continue
    if (typeof text === 'string') bytes += text.length
    const read: ReadRow = typeof text === 'string' ? readRow(text, keys) : text
    if ('why' in read) unread.add(where, read.why)
    else if (rowFile(read.row) !== name) unread.add(where, 'is the row of another run')
    else rows.push(readPaths(read.row, dir))
  }
  return unread.beside(rows)
}

/**
 * What may be rows, newest run first. A name that no row can have is one that was damaged: its row is
 * missing.
 */
async function rowFiles(dir: string): Promise<Entry[]> {
  const entries = await listDir({ dir, name: 'registry' })
  return entries
    .filter(({ name }) => name.endsWith('.json'))
    .map((entry) => ({ entry, start: rowFileStart(entry.name) }))
    .sort((a, b) => (a.start < b.start ? 1 : a.start > b.start ? -1 : 0))
    .map(({ entry }) => entry)
}

/** The text of a row's file; undefined when it is gone. */
function readText(dir: string, name: string): string | { readonly why: string } | undefined {
  try {
    return readFileSync(placeOf(dir, name), { maxBytes: rowLimits.bytes }).toString('utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    return { why: `cannot be read: ${(error as Error).message}` }
  }
}

function placeOf(dir: string, name: string): Place {
  return { dir, name: `registry/${name}` }
}
