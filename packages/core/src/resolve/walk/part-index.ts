import { hopIdAddress } from '../../id/index.js'
import { isMessage } from '../../record/destination.js'
import type { RowsByName } from '../../record/instance-row.js'
import type { CallRecord } from '../../record/record.js'
import { rowName } from '../../record/row-names.js'
import { InstanceIndex, namedPort } from './candidates.js'

/** A look-up needs more of the registry than a `PartIndex` has read. */
export class PartMissing extends Error {}

/**
 * The part of a large registry that one question needs, read by name as the question comes to it. A look-up for which rows may be
 * missing throws `PartMissing`, so what this answers is what the index of the whole registry would have answered.
 */
export class PartIndex extends InstanceIndex {
  /** A look-up threw: the question has to be asked again, also if its own error handling has hidden that. */
  isMissing = false
  private readonly names = new Set<string>()

  constructor(private readonly source: RowsByName) {
    super({ rows: [], unread: [] })
  }

  override async load(names: readonly string[]): Promise<void> {
    const unknown = names.filter((name) => !this.names.has(name))
    if (unknown.length === 0) return
    const rows = await this.source.rowsOf(unknown)
    if (rows === undefined) return this.fail()
    // The rows of a service were read together, so one that is known stays as it is.
    const added = rows.filter(({ service }) => !this.names.has(rowName.service(service)))
    for (const row of added) this.add(row)
    for (const { service } of added) this.names.add(rowName.service(service))
    for (const name of unknown) this.names.add(name)
  }

  override async loadCall(call: CallRecord): Promise<void> {
    const { hopId, target, service, servedBy } = call
    const address = hopIdAddress(hopId)
    const served = servedBy === null ? [] : [servedBy.address, hopIdAddress(servedBy.hopId)]
    await this.load([
      ...[address, target, ...served].map(rowName.place),
      ...(service === null ? [] : [rowName.service(service)]),
      ...(isMessage(call) ? [rowName.manyReached] : []),
    ])
    // Where nothing is known of a name, its port is all there is to go by.
    const port = namedPort(address)
    const isKnown = service !== null && this.service(service).length > 0
    if (port !== undefined && !isKnown && this.behind([target], null).length === 0)
      await this.load([rowName.port(port)])
  }

  protected override needs(name: string): void {
    if (!this.names.has(name)) this.fail()
  }

  protected override needsAll(): void {
    this.fail()
  }

  private fail(): never {
    this.isMissing = true
    throw new PartMissing('a part of the registry that a question needs was not read')
  }
}
