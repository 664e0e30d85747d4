import type { HopTable } from '../log/hop-table.js'
import type { LoggedHop } from '../log/logged-hop.js'
import type { Store } from '../store/contract.js'
import { keyRows } from '../store/key-rows.js'

const maxHops = 2000

/** Ships the rows that lead from keys to hops as soon as they are known, so that a key is found while its request runs. */
export class KeyShipper {
  constructor(
    private readonly table: HopTable,
    private readonly store: Store,
  ) {}

  get waiting(): boolean {
    return this.table.keyed.length > 0
  }

  /** Ships what waits. Rejects when the store does not take it; it waits on then. One call at a time. */
  async ship(): Promise<void> {
    const { table } = this
    while (table.keyed.length > 0) {
      const hops = table.keyed.splice(0, maxHops).filter((hop) => this.pending(hop))
      const versions = hops.map(({ version }) => version)
      try {
        const rows = keyRows(hops.map(({ record }) => record))
        if (rows.length > 0) await this.store.put(rows)
      } catch (error) {
        table.keyed = [...hops.filter((hop) => this.pending(hop)), ...table.keyed]
        throw error
      }
      hops.forEach((hop, i) => {
        if (hop.version === versions[i]) hop.keysPending = false
        else if (this.pending(hop)) table.keyed.push(hop)
      })
    }
  }

  /** Its shipment may have taken the keys along. */
  private pending(hop: LoggedHop): boolean {
    return hop.keysPending && this.table.get(hop.record.hopId) === hop
  }
}
