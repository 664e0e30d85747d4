import type { Cluster, CallOptions } from '../cluster/cluster.js'
import type { Bytes } from '../bytes.js'
import { callFields, checkCount, checkFields } from '../check.js'
import { protocolError } from '../errors.js'
import type { Region } from '../cluster/region.js'
import { decodeCells } from '../rpc/cell-block.js'
import { get } from '../rpc/methods.js'
import { toRow } from './operation.js'
import { Row, toColumns, type Column } from './row.js'
import { RegionSpecifierType } from '../proto/hbase.js'

/** The part of a row to read. */
export interface GetOptions extends CallOptions {
  /** @default all columns */
  readonly columns?: readonly Column[]
  /** How many versions of a cell, newest first. @default 1 */
  readonly versions?: number
}

/** The name of a region in requests. */
export function specify(region: Region): { type: RegionSpecifierType; value: Buffer } {
  return { type: RegionSpecifierType.REGION_NAME, value: region.name }
}

/** Reads one row; undefined if it has none of the columns. */
export async function getRow(
  cluster: Cluster,
  table: string,
  key: Bytes,
  options: GetOptions,
): Promise<Row | undefined> {
  checkFields('get options', options, [...callFields, 'columns', 'versions'])
  checkCount('get: versions', options.versions)
  const row = toRow(key, 'get')
  const deadline = cluster.deadline(options)
  const request = { row, column: toColumns(options.columns), maxVersions: options.versions ?? 1 }
  const cells = await cluster.onRegion(table, row, deadline, async (region) => {
    const answer = await cluster.pool.call(
      region.server,
      get,
      { region: specify(region), get: request },
      deadline,
    )
    const found = decodeCells(answer.cells)
    const announced = answer.message.result?.associatedCellCount ?? 0
    // Cells that were lost on the way must not look like a missing row.
    if (found.length !== announced) throw protocolError(`${found.length} cells instead of ${announced}`)
    return found
  })
  return cells.length > 0 ? new Row(cells) : undefined
}
