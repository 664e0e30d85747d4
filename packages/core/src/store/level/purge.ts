import { rewrite, type TidyTools } from './compact.js'
import { RowMerge } from './merge-rows.js'
import type { Cursor } from './stored-row.js'
import { Table } from './table.js'
import type { WriterView } from './writer-view.js'
import { endOfKeys } from './end-of-keys.js'

/** A deletion that is younger stays: a row that was put before it may be on its way. */
const settledMicros = 600_000_000

/**
 * Rewrites the tables that reach into a range. A row that another one hides, in this or another writer's files, is left out; so is
 * a deletion that hides nothing. Other writers keep what hides rows for as long as there is something to hide.
 */
export async function purge(
  tools: TidyTools,
  from: Uint8Array,
  to: Uint8Array,
  others: () => Promise<readonly WriterView[]>,
): Promise<void> {
  const { files, view, locked } = tools
  await locked(async () => view.refresh())
  const open = files.tables.map((entry) => new Table(files.dir, files.writer, entry, undefined))
  try {
    const chosen = open.filter((table) => table.cursor(from, to).key !== undefined)
    if (chosen.length === 0) return
    const mine = new Set<Cursor>(chosen.map((table) => table.cursor(Buffer.alloc(0), endOfKeys)))
    const kept = open.filter((table) => !chosen.includes(table))
    const foreign = [
      ...kept.map((table) => table.cursor(from, to)),
      ...(view.append?.rows.sources ?? []).map((source) => source.cursor(from, to)),
      ...(await others()).flatMap((other) => other.durable().map((source) => source.cursor(from, to))),
    ]
    const merge = new RowMerge([...mine, ...foreign])
    const settled = Date.now() * 1000 - settledMicros
    await rewrite(
      tools,
      chosen.map(({ entry }) => entry),
      async (add) => {
        for (let row = merge.next(); row !== undefined; row = merge.next()) {
          if (!mine.has(row.newest)) continue
          const { stamp } = row.newest
          const value = row.newest.value()
          const inRange = Buffer.compare(row.key, from) >= 0 && Buffer.compare(row.key, to) < 0
          const needed = row.at.some((cursor) => !mine.has(cursor)) || stamp >= settled
          if (value !== null || !inRange || needed) await add(row.key, stamp, value)
        }
      },
    )
  } finally {
    for (const table of open) table.close()
  }
}
