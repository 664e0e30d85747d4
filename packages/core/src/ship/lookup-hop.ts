import { timing } from '../base/timing.js'
import type { RunInfo } from '../rundir/run-info.js'
import type { HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import type { Lookup } from '../record/lookup.js'
import { foldVersions } from '../record/fold.js'
import { isExpired } from '../record/kept.js'
import { idNanos } from '../store/keys.js'
import type { InstanceRow } from '../record/instance-row.js'
import type { StoreReader } from '../store/reader.js'
import { placeOf } from './cut-windows.js'
import type { RunShipping } from './run-shipping.js'

/** How many hops with one alias to read: the attempts of a retrying proxy. */
const maxAliases = 64

/** What a run lost, and what its store has deleted. */
export type Gone = Pick<InstanceRow, 'dropped' | 'keepsSeconds' | 'deletedBeforeNanos'>

/**
 * A living run's record for an id, or for an id that its caller assigned and it did not take: first from the
 * entries read from its log, then from its store. Absence holds for hops that began, by this run's clock, up
 * to the last mark that was read. A hop with an older id may still begin here later, if its caller's clock is
 * slow or its request is in transit.
 */
export async function lookupHop(
  { table, windows }: RunShipping,
  reader: StoreReader,
  run: RunInfo,
  id: HopId,
  gone: Gone,
  signal?: AbortSignal,
): Promise<Lookup> {
  // Read the table's time before the store's answer: in between, a hop may move to the store.
  const throughNanos = table.markedNanos
  const hop = table.get(id) ?? table.getAssigned(id)
  if (hop !== undefined) {
    const record = table.snapshot(hop)
    // Work after a response may open a completely shipped hop again. Then the store has more of it.
    const continued = hop.shippedVersion === -1 && !windows.isOpen(placeOf(hop.idMillis, run.windowMillis))
    const stored = continued ? await reader.lookup(run, record.hopId, signal) : undefined
    return {
      kind: 'found',
      record: stored === undefined ? record : foldVersions(alive(stored, record), record),
      source: 'log',
    }
  }
  const stored = (await reader.lookup(run, id, signal)) ?? (await byAlias(reader, run, id, signal))
  if (stored !== undefined) return { kind: 'found', record: stored, source: 'store' }
  const nanos = idNanos(id)
  const dropped =
    isExpired(gone, nanos) ||
    gone.dropped.some(
      ({ fromNanos, toNanos }) =>
        nanos >= fromNanos - timing.settleNanos && nanos <= toNanos + timing.settleNanos,
    )
  return { kind: 'absent', throughNanos, final: false, dropped, source: 'store' }
}

/**
 * While this run was stopped, an adopter may have shipped its open hops as interrupted. They are still open
 * here.
 */
function alive(stored: HopRecord, { state }: HopRecord): HopRecord {
  return state === 'open' && stored.state === 'interrupted'
    ? { ...stored, state: 'open', crash: null }
    : stored
}

async function byAlias(
  reader: StoreReader,
  run: RunInfo,
  id: HopId,
  signal?: AbortSignal,
): Promise<HopRecord | undefined> {
  const hits = await reader.aliases(id, { limit: maxAliases, signal })
  const own = hits.find(({ startNanos }) => startNanos === run.startNanos)
  return own && reader.lookup(run, own.hopId, signal)
}
