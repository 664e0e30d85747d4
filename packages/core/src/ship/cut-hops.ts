import type { HopTable } from '../log/hop-table.js'
import type { LoggedHop } from '../log/logged-hop.js'
import type { HopId } from '../id/types.js'
import type { HopRecord } from '../record/record.js'

/** A hop that a cut takes: one of the table's objects, or the slot of a packed one. */
export type CutHop = LoggedHop | number

/** Hops of one window in id order. A packed one becomes an object only where its record is needed. */
export class CutHops implements Iterable<CutHop> {
  readonly length: number
  readonly #table: HopTable
  readonly #hops: readonly CutHop[]
  /** The hops before this one belong to another part. */
  readonly #from: number

  private constructor(table: HopTable, hops: readonly CutHop[], from: number, to: number) {
    this.#table = table
    this.#hops = hops
    this.#from = from
    this.length = to - from
  }

  /** Sorts the hops in place. */
  static sorted(table: HopTable, hops: CutHop[]): CutHops {
    return new CutHops(
      table,
      hops.sort((a, b) => compareIds(table, a, b)),
      0,
      hops.length,
    )
  }

  *[Symbol.iterator](): Generator<CutHop> {
    for (let i = 0; i < this.length; i++) yield this.#hopAt(i)
  }

  at(i: number): HopRecord | undefined {
    return i < this.length ? this.#recordAt(i) : undefined
  }

  /** The records of hops. */
  slice(from: number, to: number): HopRecord[] {
    const records: HopRecord[] = []
    for (let i = from; i < Math.min(to, this.length); i++) records.push(this.#recordAt(i))
    return records
  }

  /** A part of these, which shares their list: a copy would be as long as the busiest window. */
  part(from: number, to = this.length): CutHops {
    return new CutHops(this.#table, this.#hops, this.#from + from, this.#from + to)
  }

  /** The index of the first hop whose time in the id fits; the length for none. */
  firstAt(fits: (idMillis: number) => boolean): number {
    return this.#first((hop) => fits(idMillisOf(this.#table, hop)))
  }

  /** The index of the first hop with a larger id; the length for none. */
  firstAfter(id: string): number {
    return this.#first((hop) => idOf(this.#table, hop) > id)
  }

  #first(fits: (hop: CutHop) => boolean): number {
    for (let i = 0; i < this.length; i++) if (fits(this.#hopAt(i))) return i
    return this.length
  }

  #hopAt(i: number): CutHop {
    return this.#hops[this.#from + i] as CutHop
  }

  #recordAt(i: number): HopRecord {
    const hop = this.#hopAt(i)
    return typeof hop === 'number' ? this.#table.packed.record(hop) : hop.record
  }
}

export function idMillisOf({ packed }: HopTable, hop: CutHop): number {
  return typeof hop === 'number' ? packed.idMillis(hop) : hop.idMillis
}

function idOf({ packed }: HopTable, hop: CutHop): HopId {
  return typeof hop === 'number' ? packed.hopId(hop) : hop.record.hopId
}

function compareIds(table: HopTable, a: CutHop, b: CutHop): number {
  if (typeof a === 'number' && typeof b === 'number') return table.packed.compareIds(a, b)
  return idMillisOf(table, a) - idMillisOf(table, b) || (idOf(table, a) < idOf(table, b) ? -1 : 1)
}
