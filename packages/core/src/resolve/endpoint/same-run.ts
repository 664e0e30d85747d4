import type { InstanceRef } from '../../hop/record.js'
import { parseAddress } from '../../id/index.js'
import { runName } from '../wire/sign.js'
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

/** What a run's name says: `address,worker,startNanos`. Undefined when it is none. */
export function parseRunName(text: string): InstanceRef | undefined {
  const [, address = '', worker = '', start = ''] = /^([\d.]+:\d{1,5}),(\d{1,3}),(\d{1,19})$/.exec(text) ?? []
  const startNanos = BigInt(start)
  return parseAddress(address) === undefined || Number(worker) > 255 || startNanos >= 1n << 63n
    ? undefined
    : { address, worker: Number(worker), startNanos }
}
