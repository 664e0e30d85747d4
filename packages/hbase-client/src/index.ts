export { createHBaseClient, type HBaseClient } from './client.js'
export type { HBaseClientOptions, KerberosOptions, Address } from './options.js'
export {
  HBaseError,
  hbaseErrorCodes,
  type BatchFailure,
  type HBaseErrorCode,
  type Recovery,
} from './errors.js'
export { nextRow, prefixStop, type Bytes } from './bytes.js'
export type { CallOptions } from './cluster/cluster.js'
export type { Region } from './cluster/region.js'
export type { Cell } from './rpc/cell-block.js'
export type { Admin, TableState } from './admin/admin.js'
export type { CreateTableOptions, FamilyDescription, FamilySchema, TableDescription } from './admin/schema.js'
export type { Operation, Table } from './table/table.js'
export type { Delete, Put } from './table/operation.js'
export type { Column, Row } from './table/row.js'
export type { GetOptions } from './table/get.js'
export type { ScanOptions } from './table/scan-request.js'
export type { ScanPage } from './table/scan-page.js'
