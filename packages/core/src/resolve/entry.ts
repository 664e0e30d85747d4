import { hopIdNanos, isHopId } from '../id/index.js'
import type { HopId } from '../id/types.js'
import type { InstanceRow } from '../record/instance-row.js'
import type { AliasHit } from '../store/reader.js'
import type { InstanceIndex } from './walk/candidates.js'
import type { Found, Located, Locator } from './walk/locate.js'
import { messageOf } from '../base/message.js'
import type { Reads } from './walk/reads.js'
import type { TraceSource } from './walk/source.js'

/** Where a trace begins, or why that is not known. */
export type Entry =
  | {
      readonly kind: 'found'
      readonly traceId: string
      readonly found: Found
      readonly notes: readonly string[]
    }
  | {
      readonly kind: 'missing'
      readonly located: Exclude<Located, { kind: 'found' }> | undefined
      readonly notes: readonly string[]
    }

/** What finding an entry needs. */
export interface EntryFinder {
  readonly locator: Locator
  readonly source: TraceSource
  readonly index: InstanceIndex
  /** The runs that are known to hold the requested hop. */
  readonly holders: readonly InstanceRow[]
  readonly reads: Reads
  readonly signal: AbortSignal
}

/** The entry of the trace that an id belongs to: any hop's id, the trace's, or a foreign trace id. */
export async function findEntry(id: HopId, finder: EntryFinder): Promise<Entry> {
  const notes: string[] = []
  const located = await byId(id, finder, finder.holders)
  let found = located?.kind === 'found' ? located.found : undefined
  found ??= await byAlias(id, finder, notes)
  if (found === undefined) {
    return { kind: 'missing', located: located?.kind === 'found' ? undefined : located, notes }
  }
  const { traceId, hopId } = found.record
  if (traceId === hopId || !isHopId(traceId)) return { kind: 'found', traceId, found, notes }
  const above = traceId === id ? undefined : await byId(traceId, finder)
  let entry = above?.kind === 'found' ? above.found : undefined
  if (entry?.record.traceId !== traceId) entry = await byAlias(traceId, finder, notes)
  if (entry?.record.traceId === traceId) return { kind: 'found', traceId, found: entry, notes }
  notes.push(`the entry of trace ${traceId} is not known: this begins at ${found.record.service}`)
  return { kind: 'found', traceId, found, notes }
}

async function byId(
  id: HopId,
  { locator }: EntryFinder,
  holders: readonly InstanceRow[] = [],
): Promise<Located | undefined> {
  const nanos = hopIdNanos(id)
  return locator.byId(id, { startNanos: nanos, endNanos: nanos }, undefined, holders)
}

async function byAlias(id: HopId, finder: EntryFinder, notes: string[]): Promise<Found | undefined> {
  const { source, index, reads, signal } = finder
  const { rows } = index
  let hits: readonly AliasHit[] = []
  try {
    hits = await source.aliases(rows, id, reads, signal, true)
  } catch (error) {
    notes.push(`not every store could be asked for ${id}: ${messageOf(error)}`)
  }
  for (const { hopId, startNanos } of hits) {
    if (hopId === id) continue
    const holders = rows.filter((row) => row.startNanos === startNanos)
    const located = await byId(hopId, finder, holders)
    if (located?.kind === 'found') return located.found
  }
  return undefined
}
