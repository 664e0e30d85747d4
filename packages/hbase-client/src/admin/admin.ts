import { toBuffer, type Bytes } from '../bytes.js'
import type { CallOptions, Cluster } from '../cluster/cluster.js'
import { parseTableName, type Region } from '../cluster/region.js'
import type { Deadline } from '../deadline.js'
import { HBaseError } from '../errors.js'
import * as methods from '../rpc/methods.js'
import { awaitProcedure, callMaster, newNonce } from './procedure.js'
import {
  readTableName,
  readTableSchema,
  toTableNameMessage,
  toTableSchema,
  type CreateTableOptions,
  type TableDescription,
} from './schema.js'
import { RegionSpecifierType, TableStateValue } from '../proto/hbase.js'

/** The state of a table. */
export type TableState = 'enabled' | 'disabled' | 'disabling' | 'enabling'

const states: Record<TableStateValue, TableState> = {
  [TableStateValue.ENABLED]: 'enabled',
  [TableStateValue.DISABLED]: 'disabled',
  [TableStateValue.DISABLING]: 'disabling',
  [TableStateValue.ENABLING]: 'enabling',
}

/** Creates, changes and lists tables. Each change resolves when it is complete, within `timeoutMillis`. */
export class Admin {
  readonly #cluster: Cluster

  /** Use `client.admin`. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Creates a table; its regions are open afterwards. Rejects with `TABLE_EXISTS`. */
  async createTable(table: CreateTableOptions, options: CallOptions = {}): Promise<void> {
    const tableSchema = toTableSchema(table)
    const splitKeys = (table.splitKeys ?? []).map(toBuffer)
    const deadline = this.#cluster.deadline(options)
    const request = { tableSchema, splitKeys, ...newNonce() }
    const { procId } = await callMaster(this.#cluster, methods.createTable, request, deadline)
    await awaitProcedure(this.#cluster, procId, deadline)
  }

  /** Deletes a disabled table and its data. Rejects with `TABLE_NOT_FOUND`, `TABLE_NOT_DISABLED`. */
  async deleteTable(name: string, options: CallOptions = {}): Promise<void> {
    await this.#change(name, options, (request, deadline) =>
      callMaster(this.#cluster, methods.deleteTable, request, deadline),
    )
  }

  /** Opens a disabled table. Rejects with `TABLE_NOT_FOUND`, `TABLE_NOT_DISABLED`. */
  async enableTable(name: string, options: CallOptions = {}): Promise<void> {
    await this.#change(name, options, (request, deadline) =>
      callMaster(this.#cluster, methods.enableTable, request, deadline),
    )
  }

  /** Closes a table to reads and writes. Rejects with `TABLE_NOT_FOUND`, `TABLE_DISABLED`. */
  async disableTable(name: string, options: CallOptions = {}): Promise<void> {
    await this.#change(name, options, (request, deadline) =>
      callMaster(this.#cluster, methods.disableTable, request, deadline),
    )
  }

  /** Whether a table exists, in any state. */
  async tableExists(name: string, options: CallOptions = {}): Promise<boolean> {
    const [schema] = await this.#describe(name, options)
    return schema !== undefined
  }

  /** A table's families and their settings. Rejects with `TABLE_NOT_FOUND`. */
  async describeTable(name: string, options: CallOptions = {}): Promise<TableDescription> {
    const [schema] = await this.#describe(name, options)
    if (!schema) throw new HBaseError('TABLE_NOT_FOUND', `there is no table ${name}`)
    return schema
  }

  /** Whether a table is enabled. Rejects with `TABLE_NOT_FOUND`. */
  async tableState(name: string, options: CallOptions = {}): Promise<TableState> {
    const tableName = toTableNameMessage(name)
    const deadline = this.#cluster.deadline(options)
    const { tableState } = await callMaster(this.#cluster, methods.getTableState, { tableName }, deadline)
    return states[tableState?.state ?? TableStateValue.ENABLED]
  }

  /** The names of all tables except HBase's own, sorted. */
  async listTables(options: CallOptions = {}): Promise<string[]> {
    const deadline = this.#cluster.deadline(options)
    const { tableNames } = await callMaster(this.#cluster, methods.getTableNames, {}, deadline)
    return tableNames.map(readTableName).sort()
  }

  /** The regions of a table in order of their rows, as hbase:meta lists them now. */
  async regions(name: string, options: CallOptions = {}): Promise<Region[]> {
    return this.#cluster.locator.regions(parseTableName(name).text, this.#cluster.deadline(options))
  }

  /** Splits a region at a row, which becomes the first row of the second daughter. */
  async splitRegion(region: Region, splitRow: Bytes, options: CallOptions = {}): Promise<void> {
    const deadline = this.#cluster.deadline(options)
    const regionInfo = {
      regionId: region.id,
      tableName: toTableNameMessage(region.table),
      startKey: region.start,
      endKey: region.end,
    }
    const request = { regionInfo, splitRow: toBuffer(splitRow), ...newNonce() }
    const { procId } = await callMaster(this.#cluster, methods.splitRegion, request, deadline)
    await awaitProcedure(this.#cluster, procId, deadline)
  }

  /** Merges adjacent regions. */
  async mergeRegions(regions: readonly Region[], options: CallOptions = {}): Promise<void> {
    const deadline = this.#cluster.deadline(options)
    const request = { region: regions.map(encodedName), ...newNonce() }
    const { procId } = await callMaster(this.#cluster, methods.mergeTableRegions, request, deadline)
    await awaitProcedure(this.#cluster, procId, deadline)
  }

  /** Moves a region to the server of another region. Resolves when the region is open there. */
  async moveRegion(
    region: Region,
    to: Pick<Region, 'server' | 'startCode'>,
    options: CallOptions = {},
  ): Promise<void> {
    const deadline = this.#cluster.deadline(options)
    const destServerName = { hostName: to.server.host, port: to.server.port, startCode: to.startCode }
    await callMaster(
      this.#cluster,
      methods.moveRegion,
      { region: encodedName(region), destServerName },
      deadline,
    )
  }

  async #describe(name: string, options: CallOptions): Promise<TableDescription[]> {
    const tableNames = [toTableNameMessage(name)]
    const deadline = this.#cluster.deadline(options)
    const { tableSchema } = await callMaster(
      this.#cluster,
      methods.getTableDescriptors,
      { tableNames },
      deadline,
    )
    return tableSchema.map(readTableSchema)
  }

  async #change(
    name: string,
    options: CallOptions,
    submit: (request: TableChange, deadline: Deadline) => Promise<{ procId: bigint }>,
  ): Promise<void> {
    const deadline = this.#cluster.deadline(options)
    const { procId } = await submit({ tableName: toTableNameMessage(name), ...newNonce() }, deadline)
    await awaitProcedure(this.#cluster, procId, deadline)
  }
}

type TableChange = { tableName: ReturnType<typeof toTableNameMessage> } & ReturnType<typeof newNonce>

/** The 32 hex digits at the end of a region's name. The master identifies regions by them. */
function encodedName(region: Region): { type: RegionSpecifierType; value: Buffer } {
  return {
    type: RegionSpecifierType.ENCODED_REGION_NAME,
    value: region.name.subarray(-33, -1),
  }
}
