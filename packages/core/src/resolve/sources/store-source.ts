import { isStoreLocked, type HoptraceError } from '../../errors.js'
import type { HopRecord } from '../../hop/record.js'
import { hopIdNanos } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import type { InstanceRow } from '../../store/instance-row.js'
import { foldVersions } from '../../segment/fold.js'
import { StoreReader } from '../../store/reader.js'
import type { Lookup } from '../lookup.js'
import type { Reads } from '../walk/reads.js'
import { readRecord } from '../wire/record-json.js'
import { isDropped } from './dropped.js'
import type { Stores } from './stores.js'

/** Reads a store that another process holds open, by asking that one. Rejects, with `error`, when nobody is known to hold it. */
export type WhenLocked<T> = (row: InstanceRow, url: string, error: HoptraceError) => Promise<T | undefined>

/** Reads what instances have shipped. */
export class StoreSource {
  constructor(private readonly stores: Stores) {}

  /**
   * What the run's stores hold of an id, all of them together: what a run left may have been shipped to another one than
   * the run's own. Rejects when one of them cannot be read. `locked` is asked about a store that another process holds.
   */
  async lookup(
    row: InstanceRow,
    id: HopId,
    reads: Reads,
    signal: AbortSignal,
    locked: WhenLocked<HopRecord>,
  ): Promise<Lookup> {
    const read = async (url: string): Promise<HopRecord | undefined> => {
      try {
        const version = await this.stores.use(
          url,
          row,
          reads,
          (store) => new StoreReader(store, row).lookup(row, id),
          signal,
        )
        return version === undefined ? undefined : readRecord(version)
      } catch (error) {
        if (!isStoreLocked(error)) throw error
        return locked(row, url, error)
      }
    }
    const versions = await Promise.all(row.stores.map(read))
    let found: HopRecord | undefined
    for (const record of versions) {
      if (record !== undefined) found = found === undefined ? record : foldVersions(found, record)
    }
    if (found !== undefined) return { kind: 'found', record: found, source: 'store' }
    return absentInStores(row, id)
  }

  /**
   * The hop that these runs recorded under another id, in any of their stores. `locked` is asked about a store that another
   * process holds.
   */
  async alias(
    rows: readonly InstanceRow[],
    id: HopId,
    reads: Reads,
    locked: WhenLocked<HopId>,
  ): Promise<HopId | undefined> {
    const places = new Map<string, InstanceRow>()
    for (const row of rows) for (const url of row.stores) places.set(url, row)
    const read = async ([url, row]: [string, InstanceRow]): Promise<HopId | undefined> => {
      try {
        return await this.stores.use(
          url,
          row,
          reads,
          async (store) => (await new StoreReader(store, row).aliases(id, { limit: 1 }))[0]?.hopId,
        )
      } catch (error) {
        if (!isStoreLocked(error)) throw error
        return locked(row, url, error)
      }
    }
    return earliest(await Promise.allSettled([...places].map(read)))
  }
}

/** What it proves that a run's stores do not have an id: as much as its row says. */
export function absentInStores(row: InstanceRow, id: HopId): Lookup {
  const final = row.state !== 'running'
  const beatNanos = BigInt(Math.floor(row.heartbeatMillis)) * 1_000_000n
  const through = row.shippedThroughNanos
  return {
    kind: 'absent',
    throughNanos: through,
    final,
    dropped: isDropped(row.dropped, hopIdNanos(id)),
    source: 'store',
    // Whoever adopts a log leaves the heartbeat as it was.
    ...(final ? { aliveNanos: beatNanos > through ? beatNanos : through } : {}),
  }
}

/** The earliest of the hops that were found; a failed read counts only when nothing was. */
export function earliest(answers: readonly PromiseSettledResult<HopId | undefined>[]): HopId | undefined {
  let first: HopId | undefined
  for (const answer of answers) {
    if (
      answer.status === 'fulfilled' &&
      answer.value !== undefined &&
      (first === undefined || answer.value < first)
    ) {
      first = answer.value
    }
  }
  const failed = answers.find((answer) => answer.status === 'rejected')
  if (first === undefined && failed !== undefined) throw failed.reason
  return first
}
