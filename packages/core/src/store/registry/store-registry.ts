import { timing } from '../../base/timing.js'
import { HoptraceError } from '../../base/errors.js'
import { type AskersKeys, keysHere } from '../../key/index.js'
import { readChecked, writeChecked } from '../checked-value.js'
import type { Row, Store } from '../contract.js'
import type { EndedRuns, InstanceRow, Registry, RegistryRows } from '../../record/instance-row.js'
import { instanceRange, instanceRowKey, nextKey } from '../keys.js'
import { hasExpired } from './expired-row.js'
import { NamedRows, removeNames, WrittenNames, type KeyRange } from './named-rows.js'
import { stretches } from '../stretches.js'
import { writtenPaths } from './row-paths.js'
import { type ReadRow, readRow, writeRow } from './signed-row.js'
import { UnreadRows } from './unread-rows.js'

const page = 1024
/** The most rows that are read at a time. */
const maxRows = 200_000
/** The most rows that are looked at for what has expired; others are looked at the next time. */
const maxLooked = 8 * page

/**
 * One signed row for each instance run in a store that all services see. Paths in rows stay relative to a data directory, which may be
 * another host's. Closing it leaves the store open: it belongs to the caller.
 * @param dataDir The data directory of the process that writes, or asks.
 * @param keys Verify rows and sign them. @default those of `HOPTRACE_KEY`, or of the key that the directory keeps
 */
export function storeRegistry(store: Store, dataDir: string, keys: AskersKeys = keysHere(dataDir)): Registry {
  const removed = removal(store, keys)
  const known = new KnownRows(keys)
  const names = new WrittenNames(store)
  return {
    ...(store.deleteRange === undefined ? {} : { removeEnded: removed }),
    byName: new NamedRows(store, (range) => listRows(store, new KnownRows(keys), range)),

    get name() {
      return store.url
    },

    list: () => listRows(store, known, instanceRange()),

    async put(row) {
      const text = writeRow(writtenPaths(row, dataDir), keys)
      const value = writeChecked(Buffer.from(text, 'utf8'))
      await names.around(row, () => store.put([{ key: instanceRowKey(row), value }]))
    },

    async close() {},
  }
}

async function listRows(
  store: Store,
  known: KnownRows,
  { from: first, to }: KeyRange,
): Promise<RegistryRows> {
  const reading = known.begin()
  const found: InstanceRow[] = []
  const unread = new UnreadRows()
  for (let from = first, count = 0; ;) {
    const rows = await store.scan({ from, to, limit: page })
    for (const { key, value } of rows) {
      const read = reading.read(key, value)
      const where = `a row of ${store.url} (${Buffer.from(key).toString('hex').slice(0, 64)})`
      if ('why' in read) unread.add(where, read.why)
      else if (instanceRowKey(read.row).equals(key)) found.push(read.row)
      else unread.add(where, 'is the row of another run')
    }
    count += rows.length
    const last = rows.at(-1)
    if (last === undefined || rows.length < page) break
    if (count >= maxRows) {
      unread.add(store.url, `has more than the ${maxRows} rows that can be read at a time`)
      break
    }
    from = nextKey(last.key)
  }
  reading.end()
  return { rows: found, unread: unread.all }
}

type KnownRow = { readonly value: Uint8Array; readonly read: ReadRow }

/** Rows that were read and verified: of many runs few have changed since. */
class KnownRows {
  private known: ReadonlyMap<string, KnownRow> = new Map()
  private fingerprint: string | undefined

  constructor(private readonly keys: AskersKeys) {}

  /** Begins a list: `read` each of its rows, and at the `end` others are forgotten. */
  begin(): { read(key: Uint8Array, value: Uint8Array): ReadRow; end(): void } {
    const before = this.before()
    const rows = new Map<string, KnownRow>()
    return {
      read: (key, value) => {
        const name = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
        let row = before.get(name)
        if (row === undefined || Buffer.compare(row.value, value) !== 0)
          row = { value: Buffer.from(value), read: readValue(value, this.keys) }
        rows.set(name, row)
        return row.read
      },
      end: () => {
        this.known = rows
      },
    }
  }

  /** What is known under the keys in use now. */
  private before(): ReadonlyMap<string, KnownRow> {
    let fingerprint: string | undefined
    try {
      fingerprint = this.keys()?.fingerprint
    } catch {
      // Each row says why.
    }
    if (fingerprint === undefined || fingerprint !== this.fingerprint) this.known = new Map()
    this.fingerprint = fingerprint
    return this.known
  }
}

function readValue(value: Uint8Array, keys: AskersKeys): ReadRow {
  try {
    return readChecked(value, (body) => readRow(body.toString('utf8'), keys))
  } catch (error) {
    if (error instanceof HoptraceError) return { why: 'is damaged' }
    throw error
  }
}

/** Removes rows, some at a time: each call continues where the one before ended. */
function removal(store: Store, keys: AskersKeys): (ended: EndedRuns) => Promise<number> {
  const range = instanceRange()
  let from: Buffer = range.from
  const gone = ({ key, value }: Row, ended: EndedRuns): InstanceRow | undefined => {
    const read = readValue(value, keys)
    if (!('row' in read) || !instanceRowKey(read.row).equals(key) || !hasExpired(read.row, ended))
      return undefined
    const isOver =
      read.row.state !== 'running' || read.row.heartbeatMillis <= Date.now() - timing.silentRowMillis
    return isOver ? read.row : undefined
  }
  return async (ended) => {
    let removed = 0
    for (let looked = 0; looked < maxLooked && ended.signal?.aborted !== true; looked += page) {
      const rows = await store.scan({ from, to: range.to, limit: page })
      const runs: InstanceRow[] = []
      const goes = (row: Row): boolean => {
        const run = gone(row, ended)
        if (run !== undefined) runs.push(run)
        return run !== undefined
      }
      for (const { first, last, count } of stretches(rows, goes)) {
        // A living run that comes between two of them writes its row again within seconds.
        await store.deleteRange?.(first, nextKey(last))
        removed += count
      }
      for (const run of runs) await removeNames(store, run)
      const last = rows.at(-1)
      from = last === undefined || rows.length < page ? range.from : nextKey(last.key)
      if (from === range.from) break
    }
    return removed
  }
}
