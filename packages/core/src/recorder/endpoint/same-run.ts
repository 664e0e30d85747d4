import { runName } from '../../record/instance-row.js'
import type { OwnRecords } from './own-records.js'
import { plain, type EndpointResponse } from './responses.js'

/** Was another run meant? Addresses change hands. */
export function isOtherRun(own: OwnRecords, query: URLSearchParams): boolean {
  const run = query.get('run')
  return run !== null && run !== runName(own.row())
}

/** Says that another run answers here. */
export function otherRun(): EndpointResponse {
  return plain(409, 'another run is asked here')
}
