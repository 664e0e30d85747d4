import { ownKeys } from '../find/own.js'
import type { OwnRecords } from './own-records.js'
import { isOtherRun, otherRun } from './same-run.js'
import { json, plain, type EndpointResponse } from './responses.js'

const maxHits = 1000

/** `keys?name=…&value=…&limit=…`: the hops of this run and its store that have a business key, newest first. */
export async function answerKeys(own: OwnRecords, query: URLSearchParams): Promise<EndpointResponse> {
  const name = query.get('name')
  const value = query.get('value')
  const limit = Number(query.get('limit') ?? 20)
  if (isOtherRun(own, query)) return otherRun()
  if (name === null || name === '' || value === null) return plain(400, 'keys needs name and value')
  if (!Number.isInteger(limit) || limit < 1) return plain(400, 'limit must be a positive whole number')
  return json(200, await ownKeys(own, name, value, Math.min(limit, maxHits)))
}
