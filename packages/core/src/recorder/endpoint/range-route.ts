import { isHopId } from '../../id/index.js'
import { StoreReader } from '../../store/reader.js'
import { hopFilter } from '../../resolve/find/filter.js'
import type { Stretch } from '../../resolve/find/own.js'
import type { Step } from '../../store/range.js'
import { ownRange } from './own-range.js'
import type { OwnRecords } from './own-records.js'
import { rangeLines, type RangeSource, type RangeWork } from './range-lines.js'
import { patiently, Patience } from '../../resolve/patience.js'
import { plain, stream, type EndpointResponse } from './responses.js'

const maxRecords = 1_000_000

/**
 * `range?from=…&to=…` (nanoseconds of id time) with `status`, `route`, `min` (microseconds), `key`, `limit` and `after`:
 * one record a line, in id order, then a line that says that
 * this is all, or where it stopped.
 */
export function answerRange(
  own: OwnRecords,
  work: RangeWork,
  asker: string,
  query: URLSearchParams,
  signal: AbortSignal,
): EndpointResponse {
  const [from, to] = [query.get('from') ?? '', query.get('to') ?? '']
  const after = query.get('after')
  const limit = Number(query.get('limit') ?? maxRecords)
  if (!isNanos(from) || !isNanos(to)) return plain(400, 'from and to are nanoseconds')
  if (!Number.isInteger(limit) || limit < 1) return plain(400, 'limit must be a positive whole number')
  if (after !== null && !isHopId(after)) return plain(400, 'after is an id')
  let filter: ReturnType<typeof hopFilter>
  try {
    filter = hopFilter({
      status: query.get('status') ?? undefined,
      route: query.get('route') ?? undefined,
      key: query.get('key') ?? undefined,
      minDurationMicros: query.has('min') ? Number(query.get('min')) : undefined,
    })
  } catch (error) {
    return plain(400, error instanceof Error ? error.message : 'the filter makes no sense')
  }
  const stretch: Stretch = {
    fromNanos: BigInt(from),
    toNanos: BigInt(to),
    afterId: after ?? undefined,
    signal,
  }
  const reader = new StoreReader(patiently(own.store, patience), own.row())
  const open = (step: Step): Promise<RangeSource> => ownRange(own, reader, { ...stretch, step })
  const lines = rangeLines(work, asker, signal, reader, filter, Math.min(limit, maxRecords), open)
  return stream(lines, 'application/x-ndjson')
}

/** How long a scan of a run's own store is waited for. */
const patience = new Patience(3000)

function isNanos(text: string): boolean {
  return /^\d{1,19}$/.test(text) && BigInt(text) <= 1n << 63n
}
