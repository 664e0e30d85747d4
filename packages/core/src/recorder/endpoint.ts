export { LiveEndpoint } from './endpoint/live-endpoint.js'
export type { EndpointRequest, EndpointResponse } from './endpoint/live-endpoint.js'
export type { OwnRecords, RunCounters } from './endpoint/own-records.js'
