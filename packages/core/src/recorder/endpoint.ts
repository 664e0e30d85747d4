export { LiveEndpoint } from './endpoint/live-endpoint.js'
export type { EndpointRequest, EndpointResponse, LiveEndpointOptions } from './endpoint/live-endpoint.js'
export type { OwnRecords, RunCounters } from './endpoint/own-records.js'
