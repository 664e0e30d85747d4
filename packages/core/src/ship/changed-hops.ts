import type { HopTable } from '../log/hop-table.js'
import type { LoggedHop } from '../log/logged-hop.js'
import { placeOf } from './cut-windows.js'
import { type CutHop, CutHops, idMillisOf } from './cut-hops.js'

/** Hops of a cut by the window of the time in their ids; windows ascend. */
export type CutByWindow = ReadonlyMap<number, CutHops>

/**
 * Hops with a version that the store does not have, below this place (see `placeOf`); null for all.
 * @param isWanted which of those that are not packed
 */
export function changedHops(
  table: HopTable,
  below: number | null,
  isWanted: (hop: LoggedHop) => boolean = () => true,
): CutByWindow {
  const windows = new Map<number, CutHop[]>()
  const limit = below ?? Infinity
  const windowMillis = table.run?.windowMillis ?? 1
  const add = (hop: CutHop): void => {
    const place = placeOf(idMillisOf(table, hop), windowMillis)
    if (place >= limit) return
    const members = windows.get(Math.floor(place))
    if (members === undefined) windows.set(Math.floor(place), [hop])
    else members.push(hop)
  }
  for (const hop of table.hops()) if (hop.dirty && isWanted(hop)) add(hop)
  for (const slot of table.packed.slots()) add(slot)
  const ascending = [...windows].sort(([a], [b]) => a - b)
  return new Map(ascending.map(([window, members]) => [window, CutHops.sorted(table, members)]))
}

/** The first file, up to `current`, with content that neither the store nor a checkpoint would have. */
export function firstNeededFile(table: HopTable, current: number): number {
  let needed = Math.min(current, table.packed.firstFile() ?? current)
  for (const { dirty, firstFile, record } of table.hops()) {
    if (dirty && record.state !== 'open' && firstFile < needed && firstFile > 0) needed = firstFile
  }
  return needed
}
