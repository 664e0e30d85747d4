import type { DescMessage } from '@bufbuild/protobuf'
import * as client from '../gen/Client_pb.js'
import * as master from '../gen/Master_pb.js'
import * as registry from '../gen/Registry_pb.js'
import type { Service } from './envelope.js'
import type { Method } from './pool.js'

function method<I extends DescMessage, O extends DescMessage>(
  service: Service,
  name: string,
  input: I,
  output: O,
): Method<I, O> {
  return { service, name, input, output }
}

const { GetActiveMasterRequestSchema, GetActiveMasterResponseSchema } = registry
const { GetMetaRegionLocationsRequestSchema, GetMetaRegionLocationsResponseSchema } = registry

/** Any server: which master is active. */
export const getActiveMaster = method(
  'ClientMetaService',
  'GetActiveMaster',
  GetActiveMasterRequestSchema,
  GetActiveMasterResponseSchema,
)
/** Any server: where hbase:meta is. */
export const getMetaRegionLocations = method(
  'ClientMetaService',
  'GetMetaRegionLocations',
  GetMetaRegionLocationsRequestSchema,
  GetMetaRegionLocationsResponseSchema,
)

/** Region server: one row. */
export const get = method('ClientService', 'Get', client.GetRequestSchema, client.GetResponseSchema)
/** Region server: open, read on, or close a scanner. */
export const scan = method('ClientService', 'Scan', client.ScanRequestSchema, client.ScanResponseSchema)
/** Region server: many operations on many regions. */
export const multi = method('ClientService', 'Multi', client.MultiRequestSchema, client.MultiResponseSchema)

function onMaster<I extends DescMessage, O extends DescMessage>(
  name: string,
  input: I,
  output: O,
): Method<I, O> {
  return method('MasterService', name, input, output)
}

/** Master: the outcome of a procedure. */
export const getProcedureResult = onMaster(
  'getProcedureResult',
  master.GetProcedureResultRequestSchema,
  master.GetProcedureResultResponseSchema,
)
/** Master: create a table. */
export const createTable = onMaster(
  'CreateTable',
  master.CreateTableRequestSchema,
  master.CreateTableResponseSchema,
)
/** Master: delete a disabled table. */
export const deleteTable = onMaster(
  'DeleteTable',
  master.DeleteTableRequestSchema,
  master.DeleteTableResponseSchema,
)
/** Master: enable a table. */
export const enableTable = onMaster(
  'EnableTable',
  master.EnableTableRequestSchema,
  master.EnableTableResponseSchema,
)
/** Master: disable a table. */
export const disableTable = onMaster(
  'DisableTable',
  master.DisableTableRequestSchema,
  master.DisableTableResponseSchema,
)
/** Master: schemas of tables. */
export const getTableDescriptors = onMaster(
  'GetTableDescriptors',
  master.GetTableDescriptorsRequestSchema,
  master.GetTableDescriptorsResponseSchema,
)
/** Master: names of tables. */
export const getTableNames = onMaster(
  'GetTableNames',
  master.GetTableNamesRequestSchema,
  master.GetTableNamesResponseSchema,
)
/** Master: enabled, disabled, or between. */
export const getTableState = onMaster(
  'GetTableState',
  master.GetTableStateRequestSchema,
  master.GetTableStateResponseSchema,
)
/** Master: split a region. */
export const splitRegion = onMaster(
  'SplitRegion',
  master.SplitTableRegionRequestSchema,
  master.SplitTableRegionResponseSchema,
)
/** Master: merge regions. */
export const mergeTableRegions = onMaster(
  'MergeTableRegions',
  master.MergeTableRegionsRequestSchema,
  master.MergeTableRegionsResponseSchema,
)
/** Master: move a region to another server. */
export const moveRegion = onMaster(
  'MoveRegion',
  master.MoveRegionRequestSchema,
  master.MoveRegionResponseSchema,
)
