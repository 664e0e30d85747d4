import { HoptraceError } from '../../base/errors.js'
import type { HopRecord } from '../../record/record.js'
import { hopIdNanos } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import { heartbeatNanos, type InstanceRow } from '../../record/instance-row.js'
import { foldVersions } from '../../record/fold.js'
import { StoreReader, type AliasHit } from '../../store/reader.js'
import type { Lookup } from '../../record/lookup.js'
import type { Reads } from '../walk/reads.js'
import { readRecord } from '../../record/record-json.js'
import { isLost } from './dropped.js'
import type { Stores } from './stores.js'

/** Hops that one id leads to: attempts of a proxy that tried again, or hops of a foreign trace. */
const maxAliases = 16

/** Reads what instances have shipped. */
export class StoreSource {
  private readonly fullRuns = new WeakSet<InstanceRow>()

  constructor(private readonly stores: Stores) {}

  /**
   * What the run's stores hold of an id, all of them together: what a run left may have been shipped to
   * another one than the run's own. Rejects when one of them cannot be read.
   */
  async lookup(row: InstanceRow, id: HopId, reads: Reads, signal: AbortSignal): Promise<Lookup> {
    const read = async (url: string): Promise<HopRecord | undefined> => {
      const version = await this.stores.use(
        url,
        row,
        reads,
        (store) => new StoreReader(store, row, this.fullRuns).lookup(row, id),
        signal,
      )
      const record = version === undefined ? undefined : readRecord(version)
      if (version !== undefined && record === undefined)
        throw new HoptraceError('HOPTRACE_BAD_SEGMENT', `${url} has a record of ${id} that is none`)
      return record
    }
    const versions = await Promise.all(row.stores.map(read))
    let found: HopRecord | undefined
    for (const record of versions) {
      if (record !== undefined) found = found === undefined ? record : foldVersions(found, record)
    }
    if (found !== undefined) return { kind: 'found', record: found, source: 'store' }
    return absentInStores(row, id)
  }

  /** The hops that were recorded under another id in any of the stores of these runs. */
  async aliases(rows: readonly InstanceRow[], id: HopId, reads: Reads): Promise<readonly AliasHit[]> {
    const places = new Map<string, InstanceRow>()
    for (const row of rows) for (const url of row.stores) places.set(url, row)
    const read = ([url, row]: [string, InstanceRow]): Promise<readonly AliasHit[]> =>
      this.stores.use(url, row, reads, (store) =>
        new StoreReader(store, row).aliases(id, { limit: maxAliases }),
      )
    return earliest(await Promise.allSettled([...places].map(read)))
  }
}

/** What it proves that a run's stores do not have an id: as much as its row says. */
export function absentInStores(row: InstanceRow, id: HopId): Lookup {
  const final = row.state !== 'running'
  const beatNanos = heartbeatNanos(row)
  const through = row.shippedThroughNanos
  return {
    kind: 'absent',
    throughNanos: through,
    final,
    dropped: isLost(row, hopIdNanos(id)),
    source: 'store',
    // An adopter does not change the heartbeat.
    ...(final ? { aliveNanos: beatNanos > through ? beatNanos : through } : {}),
  }
}

/** The hops that were found, each once, the earliest first; a failed read counts only when none was. */
export function earliest(answers: readonly PromiseSettledResult<readonly AliasHit[]>[]): readonly AliasHit[] {
  const hits = new Map<string, AliasHit>()
  for (const answer of answers) {
    if (answer.status !== 'fulfilled') continue
    for (const hit of answer.value) hits.set(`${hit.hopId} ${hit.startNanos}`, hit)
  }
  const failed = answers.find((answer) => answer.status === 'rejected')
  if (hits.size === 0 && failed !== undefined) throw failed.reason
  return [...hits.values()].sort((a, b) => (a.hopId < b.hopId ? -1 : 1)).slice(0, maxAliases)
}
