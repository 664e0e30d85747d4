import { recordedKey } from '../../resolve/find/key-text.js'
import { type KeysJson, mostHits } from '../../resolve/find/keys.js'
import { ownKeys } from './own-range.js'
import type { OwnRecords } from './own-records.js'
import { json, plain, type EndpointResponse } from './responses.js'

/**
 * `keys?name=…&value=…&limit=…&before=…`: the hops of this run and its store that have a business key, newest first, before
 * a time in nanoseconds if given; and why others may be missing.
 */
export async function answerKeys(own: OwnRecords, query: URLSearchParams): Promise<EndpointResponse> {
  const name = query.get('name')
  const value = query.get('value')
  const limit = Number(query.get('limit') ?? 20)
  const before = query.get('before')
  if (name === null || name === '' || value === null) return plain(400, 'keys needs name and value')
  if (!Number.isInteger(limit) || limit < 1) return plain(400, 'limit must be a positive whole number')
  if (before !== null && !/^\d{1,18}$|^[1-8]\d{18}$/.test(before)) return plain(400, 'before is nanoseconds')
  const key = recordedKey(name, value)
  const beforeNanos = before === null ? undefined : BigInt(before)
  const hits = await ownKeys(own, { ...key, limit: Math.min(limit, mostHits), beforeNanos })
  return json(200, { hits, damage: own.damage() ?? null } satisfies KeysJson)
}
