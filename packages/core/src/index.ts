export { HoptraceError } from './base/errors.js'
export type { HoptraceErrorCode } from './base/errors.js'
export { createTracer, openTracers } from './tracer/tracer.js'
export type { Job, JobOptions, RunOptions, Tracer, TracerStats } from './tracer/tracer.js'
export { beginMessage } from './tracer/message.js'
export type { OutboundMessage } from './tracer/message.js'
export { tracerOfEnvironment } from './tracer/from-environment.js'
export { notRecorded, TracerSet } from './tracer/tracer-set.js'
export { optionsOfEnvironment, variables } from './settings/environment.js'
export type { Variable } from './settings/environment.js'
export type { Peer, TracerOptions, Trust } from './settings/options.js'
export type { Hop } from './hop/hop.js'
export type { Call, CallTarget, MessageTarget } from './hop/call.js'
export type { Redact, Redactable } from './hop/redaction.js'
export { logFormat, logMixin } from './tracer/log-fields.js'
export type {
  Attributes,
  AttributeValue,
  CallRecord,
  ErrorInfo,
  EventRecord,
  HopRecord,
  HopState,
  InstanceRef,
  ServedBy,
} from './record/record.js'
export { beginInbound, beginUnframed, inboundOf } from './http/inbound.js'
export type { InboundHop } from './http/inbound.js'
export { beginFetch, connectionOf } from './http/fetch-inbound.js'
export type { FetchConnection, FetchHop } from './http/fetch-inbound.js'
export { agentProxy, environmentProxy, hostPort } from './http/dialled.js'
export { parseUrl } from './base/parse-url.js'
export { ownProxy } from './http/own-proxy.js'
export { headWith } from './http/head.js'
export { keepTicksFast } from './base/ticks.js'
export { untilLastTracerCloses, wrapShared } from './base/wrappers.js'
export { beginOutbound } from './http/outbound.js'
export type { OutboundCall, OutboundTarget } from './http/outbound.js'
export {
  deriveSealKey,
  fold64,
  hopIdAddress,
  hopIdNanos,
  isHopId,
  parseHopId,
  hopIdInText,
  unsealId,
} from './id/index.js'
export { nanosOfIso } from './base/iso.js'
export type { HopId, HopIdFields, TraceId } from './id/types.js'
export type { Row, ScanRange, Store, StoreSpec, StoreSupports } from './store/contract.js'
export type { DroppedRange, InstanceRow, Registry, RegistryRows, RowsByName } from './record/instance-row.js'
export { readRun } from './log/index.js'
export type { LoggedRun } from './log/index.js'
export { shipDeadRuns } from './ship/index.js'
export type { FailedRun } from './rundir/failed-run.js'
export type { AdoptOptions, AdoptReport } from './ship/index.js'
export { checkClusterKey, newClusterKey, keysHere } from './key/index.js'
export type { ClusterKeys } from './key/index.js'
export { deadInstances } from './resolve/dead-instances.js'
export type { DeadInstance } from './resolve/dead-instances.js'
export { createResolver } from './resolve/index.js'
export type {
  CallJson,
  EventJson,
  Fault,
  FindHit,
  FindQuery,
  FollowOptions,
  FollowStep,
  HopFilter,
  HopJson,
  InstanceRows,
  Place,
  ProgressEvent,
  ProgressResult,
  RangeQuery,
  Resolver,
  ResolveResult,
  ResolverOptions,
  ResolverStore,
  RunningHop,
  TimeInput,
  Verdict,
  WalkedHopJson,
  WalkStep,
} from './resolve/index.js'
