import { timing } from '../../base/timing.js'
import { HoptraceError } from '../../base/errors.js'
import type { HopId } from '../../id/types.js'
import { heartbeatNanos, type InstanceRow, type RegistryRows } from '../../record/instance-row.js'
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

/** A place that could not be read. Its runs began no hop after `untilNanos`; null when that is not known. */
export interface UnreadPlace {
  readonly text: string
  readonly untilNanos: bigint | null
}

/** Hops that have a key, and what could not be read: an older or newer one may be there. */
export interface KeyHits {
  readonly hits: readonly HeldHit[]
  readonly unread: readonly string[]
  readonly unreadPlaces: readonly UnreadPlace[]
}

/** What could not be read and may hold a hop that is newer than this one. */
export function mayHoldNewer({ unreadPlaces }: KeyHits, nanos: bigint): string[] {
  return unreadPlaces
    .filter(({ untilNanos }) => untilNanos === null || untilNanos >= nanos)
    .map(({ text }) => text)
}

/** Until when these runs may have begun hops. */
function untilNanosOf(rows: readonly InstanceRow[]): bigint | null {
  let until = 0n
  for (const row of rows) {
    if (row.state === 'running') return null
    const alive = heartbeatNanos(row) + timing.rangeSlackNanos
    if (alive > until) until = alive
  }
  return until
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
  known: RegistryRows,
  { limit, ...key }: KeyQuery,
  signal: AbortSignal,
): Promise<KeyHits> {
  const traces = new Map<string, HeldHit>()
  const seen = new Set<HopId>()
  const unread = new Map<string, UnreadPlace>()
  const silent = new Set<InstanceRow>()
  const size = Math.min(mostHits, Math.max(20, limit * 2))
  let beforeNanos: bigint | undefined
  for (let page = 0; ; page++) {
    const found = await findKeys(parts, known, { ...key, limit: size, beforeNanos }, signal, silent)
    for (const place of found.unreadPlaces) unread.set(place.text, place)
    const fresh = found.hits.filter(({ hopId }) => !seen.has(hopId))
    for (const hit of fresh) {
      seen.add(hit.hopId)
      if (!traces.has(hit.traceId)) traces.set(hit.traceId, hit)
    }
    const last = found.hits.at(-1)
    if (traces.size >= limit || last === undefined || found.hits.length < size) break
    if (page + 1 >= mostPages) {
      const text = `only the newest ${seen.size} hops with this key were looked at`
      unread.set(text, { text, untilNanos: null })
      break
    }
    // Two hops may have one time.
    beforeNanos = fresh.length === 0 ? last.nanos : last.nanos + 1n
  }
  return keyHits([...traces.values()].slice(0, limit), [...unread.values()])
}

/**
 * Asks every instance for a key, and reads the stores and logs of those that do not answer, which join
 * `silent` and are not asked again.
 */
export async function findKeys(
  parts: ResolverParts,
  { rows, unread: unreadRows }: RegistryRows,
  query: KeyQuery,
  signal: AbortSignal,
  silent = new Set<InstanceRow>(),
): Promise<KeyHits> {
  const reads = noReads()
  const hits: HeldHit[] = []
  const unread: UnreadPlace[] = unreadRows.map((text) => ({ text, untilNanos: null }))
  const missing = (text: string, runs: readonly InstanceRow[]): void =>
    void unread.push({ text, untilNanos: untilNanosOf(runs) })
  const attempt = async (
    what: string,
    runs: readonly InstanceRow[],
    read: () => Promise<readonly HeldHit[]>,
  ): Promise<void> => {
    try {
      hits.push(...(await read()))
    } catch (error) {
      missing(`${what}: ${messageOf(error)}`, runs)
    }
  }
  // All places side by side; a log, and a store, only when no living instance answers for it.
  const asked = rows.map(async (row): Promise<boolean> => {
    const told = silent.has(row) ? undefined : await askLive(parts, row, query, signal)
    if (told === undefined) {
      silent.add(row)
      return false
    }
    hits.push(...told.hits.map((hit) => held(hit, rows, row.stores, row)))
    if (typeof told.damage === 'string') missing(`${row.service} ${row.address}: ${told.damage}`, [row])
    return true
  })
  const logs = rows.map(async (row, index) => {
    if (await asked[index]) return
    await attempt(row.logDir, [row], async () => {
      const view = await parts.log.view(row, reads, signal)
      if (view?.damage !== undefined) missing(view.damage, [row])
      if (view !== undefined)
        return keysAmong(view.records.values(), query).map((hit) => ({ ...hit, holders: [row] }))
      // Whether it died or cannot be reached: what it has not shipped may have the key.
      if (row.state === 'running')
        missing(`${row.service} ${row.address} does not answer, and its log is not here`, [row])
      return []
    })
  })
  const places = new Map<string, { row: InstanceRow; runs: InstanceRow[]; asked: Promise<boolean>[] }>()
  for (const [index, row] of rows.entries()) {
    for (const url of row.stores) {
      const place = places.get(url) ?? { row, runs: [], asked: [] }
      place.row = row
      place.runs.push(row)
      place.asked.push(asked[index] as Promise<boolean>)
      places.set(url, place)
    }
  }
  const stores = [...places].map(async ([url, { row, runs, asked: sharing }]) => {
    if ((await Promise.all(sharing)).includes(true)) return
    await attempt(url, runs, async () => {
      const found = await parts.patience
        .within(url, () => inStore(parts, url, row, query, reads, signal))
        .catch(async (error: unknown) => {
          if (await parts.log.haveAll(runs, reads, signal)) return []
          throw error
        })
      return found.map((hit) => held(hit, rows, [url]))
    })
  })
  await Promise.all([...asked, ...logs, ...stores])
  return keyHits(newest(hits, query.limit), unread)
}

function keyHits(hits: readonly HeldHit[], unreadPlaces: readonly UnreadPlace[]): KeyHits {
  return { hits, unreadPlaces, unread: unreadPlaces.map(({ text }) => text) }
}

/** Runs that began when the hit says, and ship to these stores, or the one that said so itself. */
function held(
  hit: KeyHit,
  rows: readonly InstanceRow[],
  stores: readonly string[],
  teller?: InstanceRow,
): HeldHit {
  const holders = rows.filter(
    (row) =>
      row.startNanos === hit.startNanos && (row === teller || row.stores.some((url) => stores.includes(url))),
  )
  return { ...hit, holders }
}

/**
 * The hits. Rejects if there are none and not everything could be read, because then absence is not proven.
 */
export function certain(
  { hits, unread }: Pick<KeyHits, 'hits' | 'unread'>,
  warn: (message: string) => void,
): readonly HeldHit[] {
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
  // One that has ended does not answer.
  const place = live === null || row.state !== 'running' ? undefined : await client.place(row)
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
