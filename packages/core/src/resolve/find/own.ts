import type { KeyQuery } from './key-text.js'
import { HoptraceError } from '../../base/errors.js'
import type { HopRecord, InstanceRef } from '../../record/record.js'
import { hopIdNanos } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import type { RangeOptions, Step } from '../../store/range.js'
import type { StoreReader } from '../../store/reader.js'
import { type KeyHit } from '../../store/reader.js'
import type { RecordSource } from '../../record/lookup.js'
import { readRecord } from '../../record/record-json.js'
import type { Sourced } from './merge.js'

/** A stretch of id time, in pages. */
export interface Stretch {
  readonly fromNanos: bigint
  readonly toNanos: bigint
  readonly afterId?: HopId | undefined
  readonly signal?: AbortSignal
  /** Called between two steps of work in a store. */
  readonly step?: Step
}

/** The readable part of a stream; `failed` gets the error that ends it. */
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

/** What runs have in a store, in id order. `onOtherRun`: see `RangeOptions`. */
export async function* storedRange(
  reader: StoreReader,
  runs: readonly InstanceRef[],
  { fromNanos, toNanos, afterId, signal, step }: Stretch,
  onOtherRun?: RangeOptions['onOtherRun'],
): AsyncGenerator<Sourced, void, undefined> {
  const options = { fromNanos, toNanos, runs, ...(onOtherRun === undefined ? {} : { onOtherRun }) }
  const range = reader.range({
    ...options,
    ...(afterId === undefined ? {} : { afterId }),
    ...(signal === undefined ? {} : { signal }),
    ...(step === undefined ? {} : { step }),
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
