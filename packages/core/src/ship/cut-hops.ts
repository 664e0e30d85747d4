import type { HopTable } from '../log/hop-table.js'
import type { LoggedHop } from '../log/logged-hop.js'
import type { HopId } from '../id/types.js'
import type { HopRecord } from '../record/record.js'
import { placeOf } from './cut-windows.js'

/** A hop that a cut takes: one of the table's objects, or the slot of a packed one. */
export type CutHop = LoggedHop | number

/** Hops of a cut in id order. A packed one becomes an object only where its record is needed. */
export class CutHops {
  readonly #table: HopTable
  readonly #hops: readonly CutHop[]

  private constructor(table: HopTable, hops: readonly CutHop[]) {
    this.#table = table
    this.#hops = hops
  }

  /** Groups hops by the window of the time in their ids; windows ascending. */
  static byWindow(table: HopTable, hops: readonly CutHop[], windowMillis: number): Map<number, CutHops> {
    const windows = new Map<number, CutHop[]>()
    for (const hop of hops) {
      const window = Math.floor(placeOf(idMillisOf(table, hop), windowMillis))
      const members = windows.get(window)
      if (members === undefined) windows.set(window, [hop])
      else members.push(hop)
    }
    const ascending = [...windows].sort(([a], [b]) => a - b)
    for (const [, members] of ascending) members.sort((a, b) => compareIds(table, a, b))
    return new Map(ascending.map(([window, members]) => [window, new CutHops(table, members)]))
  }

  get length(): number {
    return this.#hops.length
  }

  get hops(): readonly CutHop[] {
    return this.#hops
  }

  at(i: number): HopRecord | undefined {
    return this.slice(i, i + 1)[0]
  }

  /** The records of hops. */
  slice(from: number, to: number): HopRecord[] {
    const { packed } = this.#table
    return this.#hops
      .slice(from, to)
      .map((hop) => (typeof hop === 'number' ? packed.record(hop) : hop.record))
  }

  part(from: number, to?: number): CutHops {
    return new CutHops(this.#table, this.#hops.slice(from, to))
  }

  /** The index of the first hop whose time in the id fits; the length for none. */
  firstAt(fits: (idMillis: number) => boolean): number {
    const at = this.#hops.findIndex((hop) => fits(idMillisOf(this.#table, hop)))
    return at === -1 ? this.length : at
  }

  /** The index of the first hop with a larger id; the length for none. */
  firstAfter(id: string): number {
    const at = this.#hops.findIndex((hop) => idOf(this.#table, hop) > id)
    return at === -1 ? this.length : at
  }
}

function idMillisOf({ packed }: HopTable, hop: CutHop): number {
  return typeof hop === 'number' ? packed.idMillis(hop) : hop.idMillis
}

function idOf({ packed }: HopTable, hop: CutHop): HopId {
  return typeof hop === 'number' ? packed.hopId(hop) : hop.record.hopId
}

function compareIds(table: HopTable, a: CutHop, b: CutHop): number {
  if (typeof a === 'number' && typeof b === 'number') return table.packed.compareIds(a, b)
  return idMillisOf(table, a) - idMillisOf(table, b) || (idOf(table, a) < idOf(table, b) ? -1 : 1)
}
