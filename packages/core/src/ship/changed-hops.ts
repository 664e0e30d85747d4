import type { HopTable } from '../log/hop-table.js'
import { placeOf } from './cut-windows.js'
import type { CutHop } from './cut-hops.js'

/** Hops with a version that the store does not have, below this place (see `placeOf`); null for all. */
export function changedHops(table: HopTable, below: number | null): CutHop[] {
  const changed: CutHop[] = []
  const limit = below ?? Infinity
  const windowMillis = table.run?.windowMillis ?? 1
  const { packed } = table
  for (const hop of table.hops())
    if (hop.dirty && placeOf(hop.idMillis, windowMillis) < limit) changed.push(hop)
  for (const slot of packed.slots())
    if (placeOf(packed.idMillis(slot), windowMillis) < limit) changed.push(slot)
  return changed
}

/** The first file, up to `current`, with content that neither the store nor a checkpoint would have. */
export function firstNeededFile(table: HopTable, current: number): number {
  let needed = Math.min(current, table.packed.firstFile() ?? current)
  for (const { dirty, firstFile, record } of table.hops()) {
    if (dirty && record.state !== 'open' && firstFile < needed && firstFile > 0) needed = firstFile
  }
  return needed
}
