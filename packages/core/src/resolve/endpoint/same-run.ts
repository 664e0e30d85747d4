import type { OwnRecords } from './own-records.js'
import { plain, type EndpointResponse } from './responses.js'

/** Was another run meant? Addresses change hands, and workers share one. */
export function isOtherRun(own: OwnRecords, query: URLSearchParams): boolean {
  const run = query.get('run')
  const { address, worker, startNanos } = own.row()
  return run !== null && run !== `${address},${worker},${startNanos}`
}

/** Says that another run answers at this address now. */
export function otherRun(): EndpointResponse {
  return plain(409, 'another run is at this address')
}
