import type { HopTable } from '../log/hop-table.js'
import type { ByteCounts } from '../record/byte-counts.js'
import type { LoggedHop } from '../log/logged-hop.js'
import type { Store } from '../store/contract.js'
import { countRows } from '../store/count-rows.js'
import { keyRows } from '../store/key-rows.js'

const maxHops = 2000

/** Ships key rows as soon as a key is set, so that a key is found while its request runs. */
export class KeyShipper {
  constructor(
    private readonly table: HopTable,
    private readonly store: Store,
    /** Counts what the store has acknowledged. */
    private readonly bytes: ByteCounts,
  ) {}

  get waiting(): boolean {
    return this.table.keyed.length > 0
  }

  /**
   * Ships the waiting rows. Rejects if the store does not accept them; then they stay. One call at a time.
   */
  async ship(): Promise<void> {
    const { table } = this
    while (table.keyed.length > 0) {
      const hops = table.keyed.splice(0, maxHops).filter((hop) => this.pending(hop))
      const versions = hops.map(({ version }) => version)
      try {
        const rows = keyRows(hops.map(({ record }) => record))
        if (rows.length > 0) await this.store.put(rows)
        countRows(this.bytes, rows)
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

  /** A shipment may have included the hop's keys. */
  private pending(hop: LoggedHop): boolean {
    return hop.keysPending && this.table.get(hop.record.hopId) === hop
  }
}
