import { HoptraceError } from '../../errors.js'
import type { HopId } from '../../id/types.js'
import type { Store } from '../../store/contract.js'
import type { InstanceRow } from '../../store/instance-row.js'
import { StoreReader } from '../../store/reader.js'
import { rangeEnd } from '../endpoint/range-end.js'
import type { ResolverParts } from '../options.js'
import { InstanceIndex } from '../walk/candidates.js'
import type { Reads } from '../walk/reads.js'
import { readRecord } from '../wire/record-json.js'
import { endpointOf } from '../wire/told-json.js'
import type { HopFilter } from './filter.js'
import { mergeById, type Sourced } from './merge.js'
import { listed, storedRange, type Stretch } from './own.js'

const bounds = { maxBytes: 1 << 30, idleMillis: 5000, totalMillis: 600_000 }
const maxLineChars = 16 << 20

/** What one run did: from the living instance, or from what it left. When it falls silent midway, the rest is read. */
export async function* runRange(
  parts: ResolverParts,
  row: InstanceRow,
  rows: readonly InstanceRow[],
  stretch: Stretch,
  filter: HopFilter,
  reads: Reads,
): AsyncGenerator<Sourced, void, undefined> {
  let afterId = stretch.afterId
  if (parts.live !== null && row.state === 'running' && endpointOf(row) !== undefined) {
    try {
      const run = `${row.address},${row.worker},${row.startNanos}`
      for await (const found of liveRange(parts, row, { run }, stretch, filter)) {
        afterId = found.record.hopId
        yield found
      }
      return
    } catch (error) {
      if (stretch.signal?.aborted === true) throw error
    }
  }
  const rest: Stretch = { ...stretch, afterId }
  const view = await parts.log.view(row, reads)
  const logged = view === undefined ? [] : [listed(view.records.values(), rest, 'log')]
  const stored = row.stores.map((url) => storeRange(parts, url, row, rows, rest, filter, reads))
  yield* mergeById([...logged, ...stored])
}

/** A run's part of a store; a living instance reads it for us when only it can. */
async function* storeRange(
  parts: ResolverParts,
  url: string,
  row: InstanceRow,
  rows: readonly InstanceRow[],
  stretch: Stretch,
  filter: HopFilter,
  reads: Reads,
): AsyncGenerator<Sourced, void, undefined> {
  let afterId: HopId | undefined = stretch.afterId
  try {
    for await (const page of parts.stores.pages(url, row, reads, (store: Store) =>
      storedRange(new StoreReader(store, row), row, { ...stretch, afterId }),
    )) {
      afterId = page.record.hopId
      yield page
    }
    return
  } catch (error) {
    if (!(error instanceof HoptraceError) || error.code !== 'HOPTRACE_STORE_LOCKED') throw error
    const peer = parts.live === null ? undefined : new InstanceIndex(rows).sharing(row)[0]
    if (peer === undefined) throw error
    yield* liveRange(parts, peer, { of: `${row.address},${row.worker}` }, { ...stretch, afterId }, filter)
  }
}

/** One record a line from a live endpoint. Rejects when the answer breaks off. */
async function* liveRange(
  { client }: ResolverParts,
  row: InstanceRow,
  extra: Readonly<Record<string, string>>,
  { fromNanos, toNanos, afterId, signal }: Stretch,
  { status, route, minDurationMicros, key }: HopFilter,
): AsyncGenerator<Sourced, void, undefined> {
  const base = endpointOf(row)
  if (base === undefined)
    throw new HoptraceError('HOPTRACE_INSTANCE_UNAVAILABLE', `${row.address} has no endpoint`)
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/range`, base)
  const query = {
    from: fromNanos,
    to: toNanos,
    after: afterId,
    status,
    route,
    min: minDurationMicros,
    key,
    ...extra,
  }
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  let text = ''
  for await (const piece of client.stream(url, bounds, signal ?? new AbortController().signal)) {
    text += piece
    if (text.length > maxLineChars) break
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) {
      if (line === rangeEnd) return
      const record = readRecord(parse(line))
      if (record === undefined)
        throw new HoptraceError('HOPTRACE_BAD_ANSWER', `${row.address} sent what is no record`)
      yield { record, source: 'live' }
    }
  }
  throw new HoptraceError('HOPTRACE_BAD_ANSWER', `${row.address} broke off`)
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
