import { HoptraceError } from '../../errors.js'
import type { InstanceRow, InstanceRows, Registry } from '../instance-row.js'
import { CoalescedPuts } from './coalesced-puts.js'
import { runKey } from './run-key.js'

const rank = { running: 0, stopped: 1, dead: 2 } as const

/** How long a put waits for one of several registries: the row is on its way, and the next one must not be late for the others. */
const patienceMillis = 1500

/**
 * Several registries as one. A row is written to all of them, side by side; what one says later than another (by heartbeat) counts.
 * `list` rejects when one of them cannot be read: a missing instance would make a false verdict. `listKnown` says which are missing.
 */
export function composedRegistry(registries: readonly Registry[]): Registry {
  const [only] = registries
  if (only !== undefined && registries.length === 1) return only
  const writers = registries.map((registry) => ({ registry, puts: new CoalescedPuts(registry) }))
  return {
    async list() {
      return merged(await Promise.all(registries.map((registry) => registry.list())))
    },

    async listKnown() {
      const lists: InstanceRows[] = []
      const unread: string[] = []
      for (const result of await Promise.allSettled(registries.map((registry) => registry.list()))) {
        if (result.status === 'fulfilled') lists.push(result.value)
        else unread.push(textOf(result.reason))
      }
      const rows = merged(lists)
      return unread.length === 0 ? rows : Object.assign(rows, { unread })
    },

    async put(row) {
      await all(writers.map(({ registry, puts }) => patiently(puts.put(row), registry)))
    },

    async close() {
      await Promise.allSettled(writers.map(({ registry, puts }) => patiently(puts.settled(), registry)))
      await all(registries.map((registry) => registry.close()))
    },
  }
}

function merged(lists: readonly InstanceRows[]): InstanceRow[] {
  const rows = new Map<string, InstanceRow>()
  for (const list of lists) {
    for (const row of list) {
      const key = runKey(row)
      const known = rows.get(key)
      if (known === undefined || isLater(row, known)) rows.set(key, row)
    }
  }
  return [...rows.values()]
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
      patienceMillis,
    )
  })
  try {
    await Promise.race([task, late])
  } finally {
    clearTimeout(timer)
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
