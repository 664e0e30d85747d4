import { setImmediate } from 'node:timers/promises'
import type { TableEntry } from './manifest.js'
import { RowMerge } from './merge-rows.js'
import { Table } from './table.js'
import { TableWriter } from './table-writer.js'
import type { WriterFiles } from './writer-files.js'
import type { WriterView } from './writer-view.js'
import { endOfKeys } from './end-of-keys.js'

/** As many tables of about one size are merged into one. */
const together = 8

/** A table is not made larger. */
export const maxTableBytes = 256 << 20

/** After as many rows a merge lets others have a turn. */
export const turnRows = 500

/**
 * The tools of a compaction. `stopped`: the work must end. `locked`: runs a task while no other task changes
 * files.
 */
export interface TidyTools {
  readonly files: WriterFiles
  readonly view: WriterView
  readonly stopped: () => boolean
  readonly locked: <T>(work: () => Promise<T>) => Promise<T>
}

/** The tables to be merged next: the smallest sizes first. */
export function compactionOf(tables: readonly TableEntry[]): readonly TableEntry[] | undefined {
  const tiers = new Map<number, TableEntry[]>()
  for (const table of tables) {
    const tier = tierOf(table.bytes)
    const members = tiers.get(tier)
    if (members === undefined) tiers.set(tier, [table])
    else members.push(table)
  }
  for (const [tier, members] of [...tiers].sort(([a], [b]) => a - b)) {
    if (members.length >= together && tier < tierOf(maxTableBytes / 2)) return members
  }
  return undefined
}

function tierOf(bytes: number): number {
  return Math.floor(Math.log(Math.max(1, bytes / (1 << 20))) / Math.log(together))
}

/**
 * Makes few tables of many. Of equal keys the latest stays; deleted rows stay deleted, as other writers may
 * have them.
 */
export async function mergeTables(tools: TidyTools, chosen: readonly TableEntry[]): Promise<void> {
  const { files } = tools
  const tables = chosen.map((entry) => new Table(files.dir, files.writer, entry, undefined))
  try {
    const merge = new RowMerge(tables.map((table) => table.cursor(Buffer.alloc(0), endOfKeys)))
    await rewrite(tools, chosen, async (add) => {
      for (let row = merge.next(); row !== undefined; row = merge.next())
        await add(row.key, row.newest.stamp, row.newest.value())
    })
  } finally {
    for (const table of tables) table.close()
  }
}

type Add = (key: Buffer, stamp: number, value: Buffer | null) => Promise<void>

/** Puts new tables in the place of old ones. Nothing changes when it is stopped or fails. */
export async function rewrite(
  { files, view, stopped, locked }: TidyTools,
  old: readonly TableEntry[],
  fill: (add: Add) => Promise<void>,
): Promise<void> {
  const stamp = Math.max(0, ...old.map((table) => table.stamp))
  const made: TableEntry[] = []
  let writer: TableWriter | undefined
  const numbers: number[] = []
  let rows = 0
  try {
    await fill(async (key, rowStamp, value) => {
      if (writer === undefined) {
        const number = files.takeNumber()
        numbers.push(number)
        writer = await TableWriter.create(files.dir, files.writer, number, stamp)
      }
      writer.add({ key, stamp: rowStamp, value })
      if (writer.full) await writer.flush()
      if (++rows % turnRows === 0) await setImmediate()
      if (rows % turnRows === 0 && stopped()) throw new Stopped()
      if (writer.bytes < maxTableBytes) return
      made.push(await writer.finish())
      writer = undefined
    })
    if (writer !== undefined) made.push(await writer.finish())
    writer = undefined
    await locked(async () => {
      if (stopped()) throw new Stopped()
      await files.replace(new Set(old.map(({ number }) => number)), made)
      view.refresh()
      view.closeRetired()
    })
  } catch (error) {
    await writer?.abort()
    const counted = new Set(files.tables.map(({ number }) => number))
    for (const number of numbers) if (!counted.has(number)) files.remove(number, 'table')
    if (!(error instanceof Stopped)) throw error
  }
}

/** The writer closes, or lost its directory. */
class Stopped extends Error {}
