import { HoptraceError } from '../../errors.js'
import type { HopRecord, InstanceRef } from '../../hop/record.js'
import { hopIdNanos } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import { StoreReader, type KeyHit } from '../../store/reader.js'
import type { OwnRecords } from '../endpoint/own-records.js'
import type { RecordSource } from '../lookup.js'
import { readRecord } from '../wire/record-json.js'
import type { KeyQuery } from './keys.js'
import { mergeById, type Sourced } from './merge.js'

/** A stretch of id time, in pages. */
export interface Stretch {
  readonly fromNanos: bigint
  readonly toNanos: bigint
  readonly afterId?: HopId | undefined
  readonly signal?: AbortSignal
  /** Called between two steps of work: what it returns is awaited. */
  readonly pause?: Pause
}

/** Lets others work when the own slice of time is over. */
export type Pause = () => Promise<void> | undefined

/** Unshipped records that one answer takes up. */
const mostUnshipped = 5000

/**
 * What a run did in a stretch of time: unshipped and shipped together, in id order. `reader` reads its own store. With
 * `throughId`, what is behind it is not whole.
 */
export async function ownRange(
  own: OwnRecords,
  reader: StoreReader,
  stretch: Stretch,
): Promise<{ records: AsyncGenerator<Sourced, void, undefined>; throughId: HopId | undefined }> {
  // What is known of the log has to be older than the answer of the store: in between, a hop may move there.
  const { unshipped, throughId } = await ownUnshipped(own, stretch)
  const both = async function* (): AsyncGenerator<Sourced, void, undefined> {
    const failures: unknown[] = []
    const stored = storedRange(reader, [own.row()], stretch)
    // What is not shipped is told, though the store is away.
    yield* mergeById([listed(unshipped, stretch, 'live'), unfailing(stored, (error) => failures.push(error))])
    if (failures.length > 0) throw failures[0]
  }
  return { records: both(), throughId }
}

/** The first so many of the unshipped records of a stretch. `throughId`: there are more behind this one. */
async function ownUnshipped(
  own: OwnRecords,
  { fromNanos, toNanos, afterId }: Stretch,
): Promise<{ unshipped: Iterable<HopRecord>; throughId: HopId | undefined }> {
  const isWanted = (id: HopId): boolean => {
    const nanos = hopIdNanos(id)
    return nanos >= fromNanos && nanos < toNanos && (afterId === undefined || id > afterId)
  }
  const ids: HopId[] = []
  await own.unshipped(({ hopId }) => {
    if (isWanted(hopId)) ids.push(hopId)
    return false
  })
  if (ids.length <= mostUnshipped)
    return { unshipped: await own.unshipped(({ hopId }) => isWanted(hopId)), throughId: undefined }
  const throughId = ids.sort()[mostUnshipped - 1] as HopId
  const unshipped = await own.unshipped(({ hopId }) => hopId <= throughId && isWanted(hopId))
  return { unshipped, throughId }
}

/** What can be read of a stream; that the rest cannot is told besides. */
export async function* unfailing(
  records: AsyncIterable<Sourced>,
  failed: (error: unknown) => void,
): AsyncGenerator<Sourced, void, undefined> {
  try {
    yield* records
  } catch (error) {
    failed(error)
  }
}

/** What runs have in a store, in id order. */
export async function* storedRange(
  reader: StoreReader,
  runs: readonly InstanceRef[],
  { fromNanos, toNanos, afterId, signal, pause }: Stretch,
): AsyncGenerator<Sourced, void, undefined> {
  const options = { fromNanos, toNanos, runs }
  const range = reader.range({
    ...options,
    ...(afterId === undefined ? {} : { afterId }),
    ...(signal === undefined ? {} : { signal }),
    ...(pause === undefined ? {} : { pause }),
  })
  for await (const found of range) {
    const record = readRecord(found)
    if (record === undefined)
      throw new HoptraceError('HOPTRACE_BAD_SEGMENT', `the record of ${found.hopId} in a store is none`)
    yield { record, source: 'store' }
  }
}

/** Records at hand, those of the stretch in id order. */
export async function* listed(
  records: Iterable<HopRecord>,
  { fromNanos, toNanos, afterId }: Stretch,
  source: RecordSource,
): AsyncGenerator<Sourced, void, undefined> {
  const wanted: HopRecord[] = []
  for (const record of records) {
    const nanos = hopIdNanos(record.hopId)
    if (nanos >= fromNanos && nanos < toNanos && (afterId === undefined || record.hopId > afterId))
      wanted.push(record)
  }
  wanted.sort((a, b) => (a.hopId < b.hopId ? -1 : 1))
  for (const record of wanted) yield { record, source }
}

/** The hops with a key that a run knows of, newest first. */
export async function ownKeys(own: OwnRecords, query: KeyQuery): Promise<KeyHit[]> {
  const { name, value, limit, beforeNanos } = query
  const before = beforeNanos === undefined ? {} : { beforeNanos }
  const hits = await new StoreReader(own.store, own.row()).findKey(name, value, { limit, ...before })
  return newest(
    [
      ...hits,
      ...keysAmong(
        await own.unshipped(({ keys }) => Object.hasOwn(keys, name) && keys[name] === value),
        query,
      ),
    ],
    limit,
  )
}

/** The hops with a key among records at hand. */
export function keysAmong(
  records: Iterable<HopRecord>,
  { name, value, beforeNanos }: Omit<KeyQuery, 'limit'>,
): KeyHit[] {
  const hits: KeyHit[] = []
  for (const { keys, traceId, hopId, instance } of records) {
    if (!Object.hasOwn(keys, name) || keys[name] !== value) continue
    const nanos = hopIdNanos(hopId)
    if (beforeNanos === undefined || nanos < beforeNanos)
      hits.push({ traceId, hopId, nanos, startNanos: instance.startNanos })
  }
  return hits
}

/** Hits without doubles, newest first. */
export function newest<T extends KeyHit>(hits: readonly T[], limit: number): T[] {
  const byId = new Map(hits.map((hit) => [hit.hopId, hit]))
  return [...byId.values()].sort((a, b) => (a.hopId < b.hopId ? 1 : -1)).slice(0, limit)
}
