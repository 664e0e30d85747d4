import { HoptraceError } from '../../errors.js'
import type { InstanceRow, InstanceRows } from '../../store/instance-row.js'
import { StoreReader, type KeyHit } from '../../store/reader.js'
import type { ResolverParts } from '../options.js'
import { messageOf } from '../walk/message.js'
import { noReads, type Reads } from '../walk/reads.js'
import { listOf, objectOf, readHopId, readNanos } from '../wire/checks.js'
import { endpointOf } from '../wire/told-json.js'
import { keysAmong, newest } from './own.js'

/** Hops that have a key, and what could not be read: an older or newer one may be there. */
export interface KeyHits {
  readonly hits: readonly KeyHit[]
  readonly unread: readonly string[]
}

const readHits = listOf(objectOf<KeyHit>({ traceId: readHopId, hopId: readHopId, nanos: readNanos }), 10_000)
const bounds = { maxBytes: 4 << 20, idleMillis: 2000, totalMillis: 5000 }

/** Asks every instance for a key, and reads the stores and logs of those that do not answer. */
export async function findKeys(
  parts: ResolverParts,
  rows: InstanceRows,
  { name, value, limit }: { readonly name: string; readonly value: string; readonly limit: number },
  signal: AbortSignal,
): Promise<KeyHits> {
  const reads = noReads()
  const hits: KeyHit[] = []
  const unread: string[] = [...(rows.unread ?? [])]
  const answered = new Set<string>()
  const silent: InstanceRow[] = []
  await Promise.all(
    rows.map(async (row) => {
      const told = await askLive(parts, row, { name, value, limit }, signal)
      if (told === undefined) return void silent.push(row)
      hits.push(...told)
      for (const url of row.stores) answered.add(url)
    }),
  )
  const attempt = async (what: string, read: () => Promise<readonly KeyHit[]>): Promise<void> => {
    try {
      hits.push(...(await read()))
    } catch (error) {
      unread.push(`${what}: ${messageOf(error)}`)
    }
  }
  const places = new Map<string, InstanceRow>()
  for (const row of silent) for (const url of row.stores) if (!answered.has(url)) places.set(url, row)
  await Promise.all([
    ...[...places].map(([url, row]) =>
      attempt(url, () => inStore(parts, url, row, { name, value, limit }, reads)),
    ),
    ...silent.map((row) =>
      attempt(row.logDir, async () => {
        const view = await parts.log.view(row, reads)
        return view === undefined ? [] : keysAmong(view.records.values(), name, value)
      }),
    ),
  ])
  return { hits: newest(hits, limit), unread }
}

/** The hits, or a rejection when nothing was found and something could not be read. */
export function certain({ hits, unread }: KeyHits, warn: (message: string) => void): readonly KeyHit[] {
  if (unread.length === 0) return hits
  const message = `not everything could be read: ${unread.slice(0, 5).join('; ')}`
  if (hits.length === 0) throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', message)
  warn(message)
  return hits
}

interface KeyQuery {
  readonly name: string
  readonly value: string
  readonly limit: number
}

async function askLive(
  { client, live }: ResolverParts,
  row: InstanceRow,
  { name, value, limit }: KeyQuery,
  signal: AbortSignal,
): Promise<KeyHit[] | undefined> {
  const base = live === null || row.state !== 'running' ? undefined : endpointOf(row)
  if (base === undefined) return undefined
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/keys`, base)
  url.searchParams.set('name', name)
  url.searchParams.set('value', value)
  url.searchParams.set('limit', String(limit))
  // Whoever answers at an address may be another run than this one.
  url.searchParams.set('run', `${row.address},${row.worker},${row.startNanos}`)
  try {
    return readHits(JSON.parse(await client.text(url, bounds, signal)))
  } catch {
    return undefined
  }
}

function inStore(
  { stores }: ResolverParts,
  url: string,
  row: InstanceRow,
  { name, value, limit }: KeyQuery,
  reads: Reads,
): Promise<KeyHit[]> {
  return stores.use(url, row, reads, (store) => new StoreReader(store, row).findKey(name, value, { limit }))
}
