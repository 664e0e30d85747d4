import type { RunInfo } from '../rundir/run-info.js'
import type { HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import type { Lookup } from '../record/lookup.js'
import { foldVersions } from '../record/fold.js'
import { idNanos } from '../store/keys.js'
import type { StoreReader } from '../store/reader.js'
import type { RunShipping } from './run-shipping.js'

/** Clocks of the caller, which is in the id, and of the callee, which dropped the hop, differ. */
const marginNanos = 2_000_000_000n

/** Hops with one alias that are looked at: attempts of a proxy that tried again. */
const maxAliases = 64

/**
 * What a living run knows of an id, or of an id that its caller assigned and it did not take: first what is read from its
 * log, then its store. Absence holds for hops that began, by this run's clock, up to the last mark that is read: one whose
 * id is older may still begin here later, when its caller's clock is behind or its request is on its way.
 */
export async function lookupHop(
  { table, windows }: RunShipping,
  reader: StoreReader,
  run: RunInfo,
  id: HopId,
  signal?: AbortSignal,
): Promise<Lookup> {
  // What is known of the table has to be older than the answer of the store: in between, a hop may move there.
  const throughNanos = table.markedNanos
  const hop = table.get(id) ?? table.getAssigned(id)
  if (hop !== undefined) {
    const record = table.snapshot(hop)
    // Work that goes on behind a response may open a hop again that was shipped for good: the store knows more of it.
    const window = Math.floor(hop.idMillis / run.windowMillis)
    const continued = hop.shippedVersion === -1 && !windows.isOpen(window)
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
  const dropped = table.dropped.some(
    ({ fromNanos, toNanos }) => nanos >= fromNanos - marginNanos && nanos <= toNanos + marginNanos,
  )
  return { kind: 'absent', throughNanos, final: false, dropped, source: 'store' }
}

/** Somebody may have taken this run for dead while it was stopped, and shipped as interrupted what is still open here. */
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
