import { HoptraceError } from '../../base/errors.js'
import type { HopId } from '../../id/types.js'
import type { InstanceRow, InstanceRows } from '../../record/instance-row.js'
import { StoreReader, type KeyHit } from '../../store/reader.js'
import type { ResolverParts } from '../options.js'
import { messageOf } from '../../base/message.js'
import { noReads, type Reads } from '../walk/reads.js'
import { listOf, objectOf, orNull, readHopId, readNanos, readText } from '../../record/checks.js'
import type { KeyQuery } from './key-text.js'
import { keysAmong, newest } from './own.js'

/** A hop that has a key, and the runs that may hold it, according to the source of the hit. */
export interface HeldHit extends KeyHit {
  readonly holders: readonly InstanceRow[]
}

/** Hops that have a key, and what could not be read: an older or newer one may be there. */
export interface KeyHits {
  readonly hits: readonly HeldHit[]
  readonly unread: readonly string[]
}

/** Hops of one page; no more are asked for at a time. */
export const mostHits = 1000
/** Pages that are looked through for traces, when each has many hops with the key. */
const mostPages = 50

/** What a living run answers. */
export interface KeysJson {
  readonly hits: readonly KeyHit[]
  /** Why others may be missing. */
  readonly damage: string | null
}

const readKeys = objectOf<KeysJson>({
  hits: listOf(
    objectOf<KeyHit>({ traceId: readHopId, hopId: readHopId, nanos: readNanos, startNanos: readNanos }),
    10_000,
  ),
  damage: orNull(readText(1024)),
})
const maxBytes = 4 << 20

/**
 * The traces that have a key, newest first, each with its newest hop that has it. Costs what it returns, and
 * not what is stored.
 */
export async function findTraces(
  parts: ResolverParts,
  rows: InstanceRows,
  { limit, ...key }: KeyQuery,
  signal: AbortSignal,
): Promise<KeyHits> {
  const traces = new Map<string, HeldHit>()
  const seen = new Set<HopId>()
  const unread = new Set<string>()
  const silent = new Set<InstanceRow>()
  const size = Math.min(mostHits, Math.max(20, limit * 2))
  let beforeNanos: bigint | undefined
  for (let page = 0; ; page++) {
    const found = await findKeys(parts, rows, { ...key, limit: size, beforeNanos }, signal, silent)
    for (const what of found.unread) unread.add(what)
    const fresh = found.hits.filter(({ hopId }) => !seen.has(hopId))
    for (const hit of fresh) {
      seen.add(hit.hopId)
      if (!traces.has(hit.traceId)) traces.set(hit.traceId, hit)
    }
    const last = found.hits.at(-1)
    if (traces.size >= limit || last === undefined || found.hits.length < size) break
    if (page + 1 >= mostPages) {
      unread.add(`only the newest ${seen.size} hops with this key were looked at`)
      break
    }
    // Two hops may have one time.
    beforeNanos = fresh.length === 0 ? last.nanos : last.nanos + 1n
  }
  return { hits: [...traces.values()].slice(0, limit), unread: [...unread] }
}

/**
 * Asks every instance for a key, and reads the stores and logs of those that do not answer, which join
 * `silent` and are not asked again.
 */
export async function findKeys(
  parts: ResolverParts,
  rows: InstanceRows,
  query: KeyQuery,
  signal: AbortSignal,
  silent = new Set<InstanceRow>(),
): Promise<KeyHits> {
  const reads = noReads()
  const hits: HeldHit[] = []
  const unread: string[] = [...(rows.unread ?? [])]
  const attempt = async (what: string, read: () => Promise<readonly HeldHit[]>): Promise<void> => {
    try {
      hits.push(...(await read()))
    } catch (error) {
      unread.push(`${what}: ${messageOf(error)}`)
    }
  }
  // All places side by side; a log, and a store, only when no living instance answers for it.
  const asked = rows.map(async (row): Promise<boolean> => {
    const told = silent.has(row) ? undefined : await askLive(parts, row, query, signal)
    if (told !== undefined) hits.push(...told.hits.map((hit) => held(hit, rows, row.stores, row)))
    if (typeof told?.damage === 'string') unread.push(`${row.service} ${row.address}: ${told.damage}`)
    else silent.add(row)
    return told !== undefined
  })
  const logs = rows.map(async (row, index) => {
    if (await asked[index]) return
    await attempt(row.logDir, async () => {
      const view = await parts.log.view(row, reads, signal)
      if (view?.damage !== undefined) unread.push(view.damage)
      if (view !== undefined)
        return keysAmong(view.records.values(), query).map((hit) => ({ ...hit, holders: [row] }))
      // Whether it died or cannot be reached: what it has not shipped may have the key.
      if (row.state === 'running')
        unread.push(`${row.service} ${row.address} does not answer, and its log is not here`)
      return []
    })
  })
  const places = new Map<string, { row: InstanceRow; asked: Promise<boolean>[] }>()
  for (const [index, row] of rows.entries()) {
    for (const url of row.stores) {
      const place = places.get(url) ?? { row, asked: [] }
      place.row = row
      place.asked.push(asked[index] as Promise<boolean>)
      places.set(url, place)
    }
  }
  const stores = [...places].map(async ([url, { row, asked: sharing }]) => {
    if ((await Promise.all(sharing)).includes(true)) return
    await attempt(url, async () => {
      const found = await parts.patience.within(url, () => inStore(parts, url, row, query, reads, signal))
      return found.map((hit) => held(hit, rows, [url]))
    })
  })
  await Promise.all([...asked, ...logs, ...stores])
  return { hits: newest(hits, query.limit), unread }
}

/** Runs that began when the hit says, and ship to these stores, or the one that said so itself. */
function held(hit: KeyHit, rows: InstanceRows, stores: readonly string[], teller?: InstanceRow): HeldHit {
  const holders = rows.filter(
    (row) =>
      row.startNanos === hit.startNanos && (row === teller || row.stores.some((url) => stores.includes(url))),
  )
  return { ...hit, holders }
}

/**
 * The hits. Rejects if there are none and not everything could be read, because then absence is not proven.
 */
export function certain({ hits, unread }: KeyHits, warn: (message: string) => void): readonly HeldHit[] {
  if (unread.length === 0) return hits
  const message = `not everything could be read: ${unread.slice(0, 5).join('; ')}`
  if (hits.length === 0) throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', message)
  warn(message)
  return hits
}

async function askLive(
  { client, live, patienceMillis }: ResolverParts,
  row: InstanceRow,
  { name, value, limit, beforeNanos }: KeyQuery,
  signal: AbortSignal,
): Promise<KeysJson | undefined> {
  const place = live === null ? undefined : await client.place(row)
  if (place === undefined) return undefined
  const question = { path: 'keys', query: { name, value, limit, before: beforeNanos } }
  const bounds = { maxBytes, idleMillis: patienceMillis, totalMillis: patienceMillis * 4 }
  try {
    return readKeys(JSON.parse(await client.text(place, question, bounds, signal)))
  } catch {
    return undefined
  }
}

function inStore(
  { stores }: ResolverParts,
  url: string,
  row: InstanceRow,
  { name, value, limit, beforeNanos }: KeyQuery,
  reads: Reads,
  signal: AbortSignal,
): Promise<KeyHit[]> {
  const before = beforeNanos === undefined ? {} : { beforeNanos }
  return stores.use(
    url,
    row,
    reads,
    (store) => new StoreReader(store, row).findKey(name, value, { limit, ...before, signal }),
    signal,
  )
}
