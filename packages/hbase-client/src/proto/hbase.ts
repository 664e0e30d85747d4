import { enumOf, many, message, one, scalar, scalars, type Decoded, type Init } from './message.js'

/**
 * The messages of HBase 2.x that this client uses, with the fields that it uses. Names and numbers are those
 * that Apache HBase publishes (package `hbase.pb`); `hbase.test.ts` compares them with the definitions in
 * HBase's own jar. The client always sends the fields that HBase calls required, and skips other fields that
 * a server sends.
 */

const { bool, bytes, int32, int64, string, uint32, uint64 } = kinds()

function kinds() {
  const of =
    <K extends Parameters<typeof scalar>[1]>(kind: K) =>
    (number: number) =>
      scalar(number, kind)
  return {
    bool: of('bool'),
    bytes: of('bytes'),
    int32: of('int32'),
    int64: of('int64'),
    string: of('string'),
    uint32: of('uint32'),
    uint64: of('uint64'),
  }
}

// Enums

export const RegionSpecifierType = { REGION_NAME: 1, ENCODED_REGION_NAME: 2 } as const
export type RegionSpecifierType = (typeof RegionSpecifierType)[keyof typeof RegionSpecifierType]

export const MutationType = { APPEND: 0, INCREMENT: 1, PUT: 2, DELETE: 3 } as const
export type MutationType = (typeof MutationType)[keyof typeof MutationType]

export const ScanReadType = { DEFAULT: 0, STREAM: 1, PREAD: 2 } as const
export type ScanReadType = (typeof ScanReadType)[keyof typeof ScanReadType]

export const FilterOperator = { MUST_PASS_ALL: 1, MUST_PASS_ONE: 2 } as const
export type FilterOperator = (typeof FilterOperator)[keyof typeof FilterOperator]

export const TableStateValue = { ENABLED: 0, DISABLED: 1, DISABLING: 2, ENABLING: 3 } as const
export type TableStateValue = (typeof TableStateValue)[keyof typeof TableStateValue]

export const ProcedureState = { NOT_FOUND: 0, RUNNING: 1, FINISHED: 2 } as const
export type ProcedureState = (typeof ProcedureState)[keyof typeof ProcedureState]

// The envelope of a call

export const UserInformation = message('UserInformation', { effectiveUser: string(1) })
export const VersionInfo = message('VersionInfo', {
  version: string(1),
  url: string(2),
  revision: string(3),
  user: string(4),
  date: string(5),
  srcChecksum: string(6),
  versionMajor: uint32(7),
  versionMinor: uint32(8),
})
export const ConnectionHeader = message('ConnectionHeader', {
  userInfo: one(1, UserInformation),
  serviceName: string(2),
  cellBlockCodecClass: string(3),
  versionInfo: one(5, VersionInfo),
})
export const CellBlockMeta = message('CellBlockMeta', { length: uint32(1) })
export const RequestHeader = message('RequestHeader', {
  callId: uint32(1),
  methodName: string(3),
  requestParam: bool(4),
  cellBlockMeta: one(5, CellBlockMeta),
  timeout: uint32(7),
})
export const ExceptionResponse = message('ExceptionResponse', {
  exceptionClassName: string(1),
  stackTrace: string(2),
  doNotRetry: bool(5),
})
export const ResponseHeader = message('ResponseHeader', {
  callId: uint32(1),
  exception: one(2, ExceptionResponse),
  cellBlockMeta: one(3, CellBlockMeta),
})

// Tables, regions, servers

export const TableName = message('TableName', { namespace: bytes(1), qualifier: bytes(2) })
export const NameBytesPair = message('NameBytesPair', { name: string(1), value: bytes(2) })
export const BytesBytesPair = message('BytesBytesPair', { first: bytes(1), second: bytes(2) })
export const ColumnFamilySchema = message('ColumnFamilySchema', {
  name: bytes(1),
  attributes: many(2, BytesBytesPair),
})
export const TableSchema = message('TableSchema', {
  tableName: one(1, TableName),
  attributes: many(2, BytesBytesPair),
  columnFamilies: many(3, ColumnFamilySchema),
})
export const TableState = message('TableState', { state: enumOf<TableStateValue>(1) })
export const RegionInfo = message('RegionInfo', {
  regionId: uint64(1),
  tableName: one(2, TableName),
  startKey: bytes(3),
  endKey: bytes(4),
  offline: bool(5),
  split: bool(6),
  replicaId: int32(7),
})
export const RegionSpecifier = message('RegionSpecifier', {
  type: enumOf<RegionSpecifierType>(1),
  value: bytes(2),
})
export const ServerName = message('ServerName', {
  hostName: string(1),
  port: uint32(2),
  startCode: uint64(3),
})
export const RegionLocation = message('RegionLocation', {
  regionInfo: one(1, RegionInfo),
  serverName: one(2, ServerName),
  seqNum: int64(3),
})

// Any server: the location of the master and of hbase:meta

export const GetActiveMasterRequest = message('GetActiveMasterRequest', {})
export const GetActiveMasterResponse = message('GetActiveMasterResponse', { serverName: one(1, ServerName) })
export const GetMetaRegionLocationsRequest = message('GetMetaRegionLocationsRequest', {})
export const GetMetaRegionLocationsResponse = message('GetMetaRegionLocationsResponse', {
  metaLocations: many(1, RegionLocation),
})

// Region servers: rows

export const Column = message('Column', { family: bytes(1), qualifier: scalars(2, 'bytes') })
export const Get = message('Get', { row: bytes(1), column: many(2, Column), maxVersions: uint32(6) })
export const Result = message('Result', { associatedCellCount: int32(2) })
export const GetRequest = message('GetRequest', { region: one(1, RegionSpecifier), get: one(2, Get) })
export const GetResponse = message('GetResponse', { result: one(1, Result) })

export const Filter = message('Filter', { name: string(1), serializedFilter: bytes(2) })
export const FilterList = message('FilterList', {
  operator: enumOf<FilterOperator>(1),
  filters: many(2, Filter),
})
export const FirstKeyOnlyFilter = message('FirstKeyOnlyFilter', {})
export const KeyOnlyFilter = message('KeyOnlyFilter', { lenAsVal: bool(1) })

export const Scan = message('Scan', {
  column: many(1, Column),
  startRow: bytes(3),
  stopRow: bytes(4),
  filter: one(5, Filter),
  maxVersions: uint32(7),
  maxResultSize: uint64(10),
  reversed: bool(15),
  caching: uint32(17),
  includeStartRow: bool(21),
  includeStopRow: bool(22),
  readType: enumOf<ScanReadType>(23),
})
export const ScanRequest = message('ScanRequest', {
  region: one(1, RegionSpecifier),
  scan: one(2, Scan),
  scannerId: uint64(3),
  numberOfRows: uint32(4),
  closeScanner: bool(5),
  nextCallSeq: uint64(6),
  clientHandlesPartials: bool(7),
  clientHandlesHeartbeats: bool(8),
  limitOfRows: uint32(11),
})
export const ScanResponse = message('ScanResponse', {
  cellsPerResult: scalars(1, 'uint32'),
  scannerId: uint64(2),
  moreResults: bool(3),
  results: many(5, Result),
  partialFlagPerResult: scalars(7, 'bool'),
  moreResultsInRegion: bool(8),
})

export const MutationProto = message('MutationProto', {
  row: bytes(1),
  mutateType: enumOf<MutationType>(2),
  timestamp: uint64(4),
  associatedCellCount: int32(8),
})
export const Action = message('Action', { index: uint32(1), mutation: one(2, MutationProto) })
export const RegionAction = message('RegionAction', {
  region: one(1, RegionSpecifier),
  action: many(3, Action),
})
export const ResultOrException = message('ResultOrException', {
  index: uint32(1),
  exception: one(3, NameBytesPair),
})
export const RegionActionResult = message('RegionActionResult', {
  resultOrException: many(1, ResultOrException),
  exception: one(2, NameBytesPair),
})
export const MultiRequest = message('MultiRequest', { regionAction: many(1, RegionAction) })
export const MultiResponse = message('MultiResponse', { regionActionResult: many(1, RegionActionResult) })

// The master: tables. The master runs a request with a nonce once, however often it arrives.

const procedure = { procId: uint64(1) }
const change = { tableName: one(1, TableName), nonceGroup: uint64(2), nonce: uint64(3) }
const nonceFrom = (number: number) => ({ nonceGroup: uint64(number), nonce: uint64(number + 1) })

export const CreateTableRequest = message('CreateTableRequest', {
  tableSchema: one(1, TableSchema),
  splitKeys: scalars(2, 'bytes'),
  ...nonceFrom(3),
})
export const CreateTableResponse = message('CreateTableResponse', procedure)
export const DeleteTableRequest = message('DeleteTableRequest', change)
export const DeleteTableResponse = message('DeleteTableResponse', procedure)
export const EnableTableRequest = message('EnableTableRequest', change)
export const EnableTableResponse = message('EnableTableResponse', procedure)
export const DisableTableRequest = message('DisableTableRequest', change)
export const DisableTableResponse = message('DisableTableResponse', procedure)
export const GetTableDescriptorsRequest = message('GetTableDescriptorsRequest', {
  tableNames: many(1, TableName),
})
export const GetTableDescriptorsResponse = message('GetTableDescriptorsResponse', {
  tableSchema: many(1, TableSchema),
})
export const GetTableNamesRequest = message('GetTableNamesRequest', {})
export const GetTableNamesResponse = message('GetTableNamesResponse', { tableNames: many(1, TableName) })
export const GetTableStateRequest = message('GetTableStateRequest', { tableName: one(1, TableName) })
export const GetTableStateResponse = message('GetTableStateResponse', { tableState: one(1, TableState) })
export const SplitTableRegionRequest = message('SplitTableRegionRequest', {
  regionInfo: one(1, RegionInfo),
  splitRow: bytes(2),
  ...nonceFrom(3),
})
export const SplitTableRegionResponse = message('SplitTableRegionResponse', procedure)
export const MergeTableRegionsRequest = message('MergeTableRegionsRequest', {
  region: many(1, RegionSpecifier),
  ...nonceFrom(4),
})
export const MergeTableRegionsResponse = message('MergeTableRegionsResponse', procedure)
export const MoveRegionRequest = message('MoveRegionRequest', {
  region: one(1, RegionSpecifier),
  destServerName: one(2, ServerName),
})
export const MoveRegionResponse = message('MoveRegionResponse', {})

// Procedures of the master and their failures

export const GenericExceptionMessage = message('GenericExceptionMessage', {
  className: string(1),
  message: string(2),
})
export const ForeignExceptionMessage = message('ForeignExceptionMessage', {
  genericException: one(2, GenericExceptionMessage),
})
export const GetProcedureResultRequest = message('GetProcedureResultRequest', procedure)
export const GetProcedureResultResponse = message('GetProcedureResultResponse', {
  state: enumOf<ProcedureState>(1),
  exception: one(5, ForeignExceptionMessage),
})

export type ScanInit = Init<typeof Scan>
export type TableSchemaInit = Init<typeof TableSchema>
export type RegionActionInit = Init<typeof RegionAction>
export type DecodedTableSchema = Decoded<typeof TableSchema>
export type DecodedScanResponse = Decoded<typeof ScanResponse>
export type DecodedServerName = Decoded<typeof ServerName>
export type DecodedRegionActionResult = Decoded<typeof RegionActionResult>
export type DecodedNameBytesPair = Decoded<typeof NameBytesPair>
