import type { HopTable } from '../log/hop-table.js'
import type { LoggedHop } from '../log/logged-hop.js'

/** Hops that the store does not have as they are, of windows below; null for all. */
export function changedHops(table: HopTable, below: number | null): LoggedHop[] {
  const changed: LoggedHop[] = []
  const limit = below === null ? Infinity : below * (table.run?.windowMillis ?? 1)
  for (const hop of table.hops()) if (hop.dirty && hop.idMillis < limit) changed.push(hop)
  return changed
}

/** The first file, up to `current`, with something in it that neither the store has nor a checkpoint would carry. */
export function firstNeededFile(table: HopTable, current: number): number {
  let needed = current
  for (const { dirty, firstFile, record } of table.hops()) {
    if (dirty && record.state !== 'open' && firstFile < needed && firstFile > 0) needed = firstFile
  }
  return needed
}
