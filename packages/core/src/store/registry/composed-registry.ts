import { setTimeout as sleep } from 'node:timers/promises'
import { HoptraceError } from '../../base/errors.js'
import { textOf } from '../../base/message.js'
import type { InstanceRow, InstanceRows, Registry } from '../../record/instance-row.js'
import { CoalescedPuts } from './coalesced-puts.js'
import { isElsewhere } from './row-paths.js'
import { runKey } from './run-key.js'

const rank = { running: 0, stopped: 1, dead: 2 } as const

/** How long a put waits for one of several registries: the row is on its way, and the next one must not be late for the others. */
const putMillis = 1500

/** How long reading waits. */
export interface RegistryPatience {
  /** For registries that do not answer, when others have given rows. @default 2500 */
  readonly millis?: number
  /** When none has given a row. @default 10000 */
  readonly emptyMillis?: number
}

/**
 * Several registries as one. A row is written to all of them, side by side; what one says later than another (by heartbeat) counts. They are
 * read side by side too: `list` never rejects; `unread` says which of them could not be read, or did not answer in time. One that is slow
 * is read on, and the next `list` takes what came of it.
 */
export function composedRegistry(registries: readonly Registry[], patience: RegistryPatience = {}): Registry {
  const writers = registries.map((registry) => ({ registry, puts: new CoalescedPuts(registry) }))
  const readers = registries.map((registry) => new PartReader(registry))
  const removers = registries.filter((registry) => registry.removeEnded !== undefined)
  return {
    list: () => listAll(readers, patience),

    async put(row) {
      await all(writers.map(({ registry, puts }) => patiently(puts.put(row), registry)))
    },

    async removeEnded(ended) {
      let removed = 0
      const failures: unknown[] = []
      for (const registry of removers) {
        try {
          removed += (await registry.removeEnded?.(ended)) ?? 0
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
      return removed
    },

    async close() {
      await Promise.allSettled(writers.map(({ registry, puts }) => patiently(puts.settled(), registry)))
      await all(registries.map((registry) => registry.close()))
    },
  }
}

type PartResult = { readonly rows: InstanceRows } | { readonly failure: string }

/** Reads one of several registries, once at a time. */
class PartReader {
  private reading: Promise<PartResult> | undefined

  constructor(private readonly registry: Registry) {}

  get name(): string {
    return this.registry.name ?? 'a registry'
  }

  /** Never rejects. */
  read(): Promise<PartResult> {
    this.reading ??= this.registry
      .list()
      .then(
        (rows): PartResult => ({ rows }),
        (error: unknown): PartResult => ({ failure: textOf(error) }),
      )
      .finally(() => {
        this.reading = undefined
      })
    return this.reading
  }
}

async function listAll(readers: readonly PartReader[], patience: RegistryPatience): Promise<InstanceRows> {
  const { millis = 2500, emptyMillis = 10_000 } = patience
  const results = new Map<PartReader, PartResult>()
  const enough = new AbortController()
  let anyRows = (): void => undefined
  const known = new Promise<void>((resolve) => (anyRows = resolve))
  const parts = readers.map(async (reader) => {
    const result = await reader.read()
    results.set(reader, result)
    if ('rows' in result && result.rows.length > 0) anyRows()
  })
  const pause = (time: number): Promise<unknown> =>
    sleep(time, undefined, { signal: enough.signal }).catch(() => undefined)
  await Promise.race([
    Promise.all(parts),
    Promise.all([known, pause(Math.min(millis, emptyMillis))]),
    pause(emptyMillis),
  ])
  enough.abort()
  const lists: InstanceRows[] = []
  const unread: string[] = []
  for (const reader of readers) {
    const result = results.get(reader)
    if (result === undefined) unread.push(`${reader.name} does not answer yet`)
    else if ('failure' in result) unread.push(result.failure)
    else {
      lists.push(result.rows)
      unread.push(...(result.rows.unread ?? []))
    }
  }
  const rows = merged(lists)
  return unread.length === 0 ? rows : Object.assign(rows, { unread })
}

function merged(lists: readonly InstanceRows[]): InstanceRow[] {
  const rows = new Map<string, InstanceRow>()
  for (const list of lists) {
    for (const row of list) {
      const key = runKey(row)
      const known = rows.get(key)
      if (known === undefined) rows.set(key, row)
      else rows.set(key, isLater(row, known) ? located(row, known) : located(known, row))
    }
  }
  return [...rows.values()]
}

/** The later one, with the stores of the earlier one where only that one's data directory is here. */
function located(later: InstanceRow, earlier: InstanceRow): InstanceRow {
  if (!later.stores.some(isElsewhere) || earlier.stores.some(isElsewhere)) return later
  const elsewhere = later.stores.filter((url) => !isElsewhere(url) && !earlier.stores.includes(url))
  return { ...later, stores: [...earlier.stores, ...elsewhere] }
}

function isLater(a: InstanceRow, b: InstanceRow): boolean {
  if (a.heartbeatMillis !== b.heartbeatMillis) return a.heartbeatMillis > b.heartbeatMillis
  if (a.shippedThroughNanos !== b.shippedThroughNanos) return a.shippedThroughNanos > b.shippedThroughNanos
  return rank[a.state] > rank[b.state]
}

/** Waits for all, then fails with the first failure. */
async function all(tasks: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(tasks)) if (result.status === 'rejected') throw result.reason
}

async function patiently(task: Promise<void>, { name = 'a registry' }: Registry): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${name} does not answer yet`)),
      putMillis,
    )
  })
  try {
    await Promise.race([task, late])
  } finally {
    clearTimeout(timer)
  }
}
