import type { HopRecord } from '../../record/record.js'
import { hopIdNanos } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import { StoreReader, type KeyHit } from '../../store/reader.js'
import type { KeyQuery } from '../../resolve/find/key-text.js'
import { mergeById, type Sourced } from '../../resolve/find/merge.js'
import { keysAmong, listed, newest, storedRange, type Stretch, unfailing } from '../../resolve/find/own.js'
import type { OwnRecords } from './own-records.js'
import type { RangeSource } from './range-lines.js'

/** Unshipped records that one answer takes up. */
const mostUnshipped = 5000

/**
 * The hops of a run in a span of time: unshipped and shipped together, in id order. `reader` reads its own
 * store. With `throughId`, the records after that id are incomplete.
 */
export async function ownRange(own: OwnRecords, reader: StoreReader, stretch: Stretch): Promise<RangeSource> {
  // What is known of the log has to be older than the answer of the store: in between, a hop may move there.
  const { unshipped, throughId } = await ownUnshipped(own, stretch)
  const both = async function* (): AsyncGenerator<Sourced, void, undefined> {
    const failures: unknown[] = []
    const stored = storedRange(reader, [own.row()], stretch)
    // Return the unshipped records even if the store is unavailable.
    yield* mergeById([listed(unshipped, stretch, 'live'), unfailing(stored, (error) => failures.push(error))])
    if (failures.length > 0) throw failures[0]
  }
  return { records: both(), throughId, damage: own.damage() }
}

/** The first unshipped records of a span, up to a limit. `throughId`: there are more after this id. */
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
