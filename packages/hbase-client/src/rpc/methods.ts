import type { Service } from './envelope.js'
import type { Method } from './pool.js'
import * as proto from '../proto/hbase.js'
import type { Message } from '../proto/message.js'

function method<I extends Message, O extends Message>(
  service: Service,
  name: string,
  input: I,
  output: O,
): Method<I, O> {
  return { service, name, input, output }
}

/** Any server: the active master. */
export const getActiveMaster = method(
  'ClientMetaService',
  'GetActiveMaster',
  proto.GetActiveMasterRequest,
  proto.GetActiveMasterResponse,
)
/** Any server: the location of hbase:meta. */
export const getMetaRegionLocations = method(
  'ClientMetaService',
  'GetMetaRegionLocations',
  proto.GetMetaRegionLocationsRequest,
  proto.GetMetaRegionLocationsResponse,
)

/** Region server: one row. */
export const get = method('ClientService', 'Get', proto.GetRequest, proto.GetResponse)
/** Region server: open, continue, or close a scanner. */
export const scan = method('ClientService', 'Scan', proto.ScanRequest, proto.ScanResponse)
/** Region server: many operations on many regions. */
export const multi = method('ClientService', 'Multi', proto.MultiRequest, proto.MultiResponse)

function onMaster<I extends Message, O extends Message>(name: string, input: I, output: O): Method<I, O> {
  return method('MasterService', name, input, output)
}

/** Master: the outcome of a procedure. */
export const getProcedureResult = onMaster(
  'getProcedureResult',
  proto.GetProcedureResultRequest,
  proto.GetProcedureResultResponse,
)
/** Master: create a table. */
export const createTable = onMaster('CreateTable', proto.CreateTableRequest, proto.CreateTableResponse)
/** Master: delete a disabled table. */
export const deleteTable = onMaster('DeleteTable', proto.DeleteTableRequest, proto.DeleteTableResponse)
/** Master: enable a table. */
export const enableTable = onMaster('EnableTable', proto.EnableTableRequest, proto.EnableTableResponse)
/** Master: disable a table. */
export const disableTable = onMaster('DisableTable', proto.DisableTableRequest, proto.DisableTableResponse)
/** Master: schemas of tables. */
export const getTableDescriptors = onMaster(
  'GetTableDescriptors',
  proto.GetTableDescriptorsRequest,
  proto.GetTableDescriptorsResponse,
)
/** Master: names of tables. */
export const getTableNames = onMaster(
  'GetTableNames',
  proto.GetTableNamesRequest,
  proto.GetTableNamesResponse,
)
/** Master: enabled, disabled, or in transition. */
export const getTableState = onMaster(
  'GetTableState',
  proto.GetTableStateRequest,
  proto.GetTableStateResponse,
)
/** Master: split a region. */
export const splitRegion = onMaster(
  'SplitRegion',
  proto.SplitTableRegionRequest,
  proto.SplitTableRegionResponse,
)
/** Master: merge regions. */
export const mergeTableRegions = onMaster(
  'MergeTableRegions',
  proto.MergeTableRegionsRequest,
  proto.MergeTableRegionsResponse,
)
/** Master: move a region to another server. */
export const moveRegion = onMaster('MoveRegion', proto.MoveRegionRequest, proto.MoveRegionResponse)
