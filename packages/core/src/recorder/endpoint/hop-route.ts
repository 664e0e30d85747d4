import { timing } from '../../base/timing.js'
import { setMaxListeners } from 'node:events'
import type { HopRecord } from '../../record/record.js'
import type { HopId } from '../../id/types.js'
import type { RegistryRows } from '../../record/instance-row.js'
import { StoreReader } from '../../store/reader.js'
import { orAborted } from '../../base/deadline.js'
import type { Lookup, RecordName } from '../../record/lookup.js'
import type { EvidenceTree } from '../../resolve/verdict/evidence.js'
import { InstanceIndex } from '../../resolve/walk/candidates.js'
import { Locator } from '../../resolve/walk/locate.js'
import { noReads, type Reads } from '../../resolve/walk/reads.js'
import type { TraceSource } from '../../resolve/walk/source.js'
import { Walker } from '../../resolve/walk/walker.js'
import type { ToldJson } from '../../resolve/wire/told-json.js'
import type { OwnRecords } from './own-records.js'
import { json, slowJson, type EndpointResponse } from './responses.js'

/** Which hops are being walked for which question: an errand that comes back to its sender ends there. */
export type Errands = Map<string, Set<HopId>>

/** Bounds of what one errand may cost, whatever it asks for. */
const caps = { hops: 10_000, depth: 256, deadlineMillis: 30_000, questions: 1000 }
const concurrency = 16
/** Hops of one assigned id in an answer. */
const maxOthers = 64

/** One question about one hop. */
export interface HopQuestion {
  readonly own: OwnRecords
  readonly walk: { readonly known: () => Promise<RegistryRows>; readonly source: TraceSource } | undefined
  readonly errands: Errands
  readonly id: HopId
  readonly query: URLSearchParams
  readonly signal: AbortSignal
}

/** Since when the run's process serves nothing, if it does not. */
export async function blocked(own: OwnRecords): Promise<{ blockedSince?: number }> {
  const blockedSince = await own.blockedSince?.()
  return blockedSince === undefined ? {} : { blockedSince }
}

/** `hops/<id>`: what this run knows of the hop and, with `recurse=1`, of everything below it. */
export async function answerHop(question: HopQuestion): Promise<EndpointResponse> {
  const { own, walk, id, query } = question
  const { address, worker, startNanos } = own.row()
  const state = await blocked(own)
  const tell = (lookup: Lookup, subtree: EvidenceTree | null, reads: Reads): ToldJson => ({
    instance: { address, worker, startNanos, ...state },
    lookup,
    subtree,
    reads,
  })
  const lookup = query.get('all') === '1' ? await lookupAll(own, id) : await lookupOwn(own, id)
  const errandName = query.get('question')
  if (walk === undefined || lookup.kind === 'absent' || query.get('recurse') !== '1' || errandName === null) {
    return json(200, tell(lookup, null, noReads()))
  }
  return slowJson(
    walkBelow(question, walk, lookup, errandName.slice(0, 64)).then(({ subtree, reads }) =>
      tell(lookup, subtree, reads),
    ),
    timing.hopBeatMillis,
  )
}

/** An id, or the id under which others may ask for a hop that is not shipped yet. */
async function lookupOwn(own: OwnRecords, id: HopId): Promise<Lookup> {
  const lookup = await own.lookup(id)
  if (lookup.kind === 'found') return lookup
  let alias: HopRecord | undefined
  const isNamed = (record: RecordName): boolean =>
    record.assignedId === id || (record.parentSpan !== null && record.traceId === id)
  for (const record of await own.unshipped(isNamed)) {
    if (alias === undefined || record.hopId < alias.hopId) alias = record
  }
  if (alias !== undefined) return { kind: 'found', record: alias, source: 'live' }
  return lookup
}

/** With all other hops that were assigned the id: a message may be delivered to a run more than once. */
async function lookupAll(own: OwnRecords, id: HopId): Promise<Lookup> {
  const lookup = await lookupOwn(own, id)
  if (lookup.kind === 'absent' || lookup.record.assignedId !== id) return lookup
  const row = own.row()
  const reader = new StoreReader(own.store, row)
  const [unshipped, shipped] = await Promise.all([
    own.unshipped(({ assignedId }) => assignedId === id),
    reader.aliases(id, { limit: maxOthers }),
  ])
  const others = new Set(unshipped.map(({ hopId }) => hopId))
  for (const { hopId, startNanos } of shipped) if (startNanos === row.startNanos) others.add(hopId)
  others.delete(lookup.record.hopId)
  return { ...lookup, others: [...others].sort().slice(0, maxOthers) }
}

async function walkBelow(
  { own, errands, id, query, signal }: HopQuestion,
  walk: NonNullable<HopQuestion['walk']>,
  lookup: Extract<Lookup, { kind: 'found' }>,
  name: string,
): Promise<{ subtree: EvidenceTree | null; reads: Reads }> {
  const reads = noReads()
  const known = errands.get(name)
  if (known?.has(id) === true || (known === undefined && errands.size >= caps.questions)) {
    return { subtree: null, reads }
  }
  const walked = known ?? new Set<HopId>()
  errands.set(name, walked.add(id))
  const deadlineMillis = Math.max(1, bounded(query.get('deadline'), caps.deadlineMillis))
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), deadlineMillis)
  try {
    const bound = AbortSignal.any([signal, timeout.signal])
    setMaxListeners(0, bound)
    const registered = await orAborted(walk.known(), bound).catch(() => undefined)
    if (registered === undefined) return { subtree: null, reads }
    const { rows } = registered
    const row = rows.find((other) => other.startNanos === lookup.record.instance.startNanos) ?? rows[0]
    if (row === undefined) return { subtree: null, reads }
    const index = new InstanceIndex(registered)
    const walker = new Walker({
      locator: new Locator(walk.source, index, reads, bound),
      index,
      signal: bound,
      question: name,
      finish: false,
      limits: {
        hops: Math.max(1, bounded(query.get('hops'), caps.hops)),
        depth: Math.max(1, bounded(query.get('depth'), caps.depth)),
        concurrency,
        deadlineAt: performance.now() + deadlineMillis,
      },
    })
    const { record } = lookup
    const liveness = record.instance.startNanos === own.row().startNanos ? 'alive' : 'unsure'
    const subtree = await walker.run({ record, row, source: 'live', liveness, subtree: undefined, notes: [] })
    return { subtree, reads }
  } finally {
    clearTimeout(timer)
    // Kept until the question is over everywhere, so that a second way to the same hop is not walked again.
    const forget = setTimeout(() => errands.delete(name), deadlineMillis)
    forget.unref()
  }
}

function bounded(text: string | null, cap: number): number {
  const value = Number(text ?? cap)
  return Number.isFinite(value) && value >= 0 ? Math.min(Math.floor(value), cap) : cap
}
