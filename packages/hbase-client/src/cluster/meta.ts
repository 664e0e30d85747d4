import { protocolError } from '../errors.js'
import { addressText, parseServers, type Address } from '../options.js'
import type { Cell } from '../rpc/cell-block.js'
import { parse } from '../rpc/envelope.js'
import type { Region } from './region.js'
import { RegionInfo, RegionSpecifierType, TableState, type TableStateValue } from '../proto/hbase.js'
import { decode } from '../proto/message.js'

/** The table that lists the regions of all others. It has one region and no row about itself. */
export const metaTable = 'hbase:meta'

/** The name of the one region of hbase:meta, in requests. */
export const metaRegion = {
  type: RegionSpecifierType.REGION_NAME,
  value: Buffer.from('hbase:meta,,1'),
}

/** The region of `row` has the last row of hbase:meta that is not after this key. */
export function searchKey(table: string, row: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${table},`), row, Buffer.from(',99999999999999')])
}

/** The first row in hbase:meta that a region of `table` can have. */
export function firstKey(table: string): Buffer {
  return Buffer.from(`${table},,`)
}

/** The first row after all regions of `table`: `-` follows `,`. */
export function endKey(table: string): Buffer {
  return Buffer.from(`${table}-`)
}

/** A row of hbase:meta: a region, and its server unless it is in transition or retired. */
export interface MetaRow {
  readonly region: Omit<Region, 'server' | 'startCode'>
  readonly server: Address | undefined
  readonly startCode: bigint
  /** Split or offline: HBase keeps the row until the daughters have taken over. */
  readonly retired: boolean
}

/** Reads the cells of one row of hbase:meta; undefined if it does not describe a region. */
export function readMetaRow(cells: readonly Cell[]): MetaRow | undefined {
  const value = (qualifier: string) =>
    cells.find((cell) => cell.qualifier.toString('latin1') === qualifier)?.value
  const info = value('regioninfo')
  const name = cells[0]?.row
  if (!info || !name) return undefined
  const region = parse(() => decode(RegionInfo, withoutMagic(info)))
  const table = region.tableName
  if (!table) throw protocolError('a region without a table in hbase:meta')
  const [namespace, qualifier] = [
    Buffer.from(table.namespace).toString(),
    Buffer.from(table.qualifier).toString(),
  ]
  const server = value('server')?.toString('latin1')
  const startCode = value('serverstartcode')
  return {
    region: {
      table: namespace === 'default' ? qualifier : `${namespace}:${qualifier}`,
      name: Buffer.from(name),
      id: region.regionId,
      start: Buffer.from(region.startKey),
      end: Buffer.from(region.endKey),
    },
    server: server ? parseAddress(server) : undefined,
    startCode: startCode?.length === 8 ? startCode.readBigInt64BE() : 0n,
    retired: region.split || region.offline,
  }
}

/** The table's state in the value of its `table:state` cell. */
export function readTableState(value: Buffer): TableStateValue {
  return parse(() => decode(TableState, withoutMagic(value))).state
}

/** HBase puts `PBUF` before protobuf messages that it stores. */
function withoutMagic(bytes: Buffer): Buffer {
  return bytes.subarray(0, 4).toString('latin1') === 'PBUF' ? bytes.subarray(4) : bytes
}

function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const address = { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
  try {
    parseServers(`hbase://${addressText(address)}`)
    return address
  } catch (error) {
    throw protocolError(`not a server address in hbase:meta: ${text.slice(0, 100)}`, error)
  }
}
