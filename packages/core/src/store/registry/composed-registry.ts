import type { InstanceRow, Registry } from '../instance-row.js'

const rank = { running: 0, stopped: 1, dead: 2 } as const

/**
 * Several registries as one. A row is written to all of them; what one says later than another (by heartbeat) counts.
 * A registry that cannot be read fails the list: a missing instance would make a false verdict.
 */
export function composedRegistry(registries: readonly Registry[]): Registry {
  return {
    async list() {
      const rows = new Map<string, InstanceRow>()
      for (const list of await Promise.all(registries.map((registry) => registry.list()))) {
        for (const row of list) {
          const key = `${row.address} ${row.worker} ${row.startNanos}`
          const known = rows.get(key)
          if (known === undefined || isLater(row, known)) rows.set(key, row)
        }
      }
      return [...rows.values()]
    },

    async put(row) {
      await all(registries.map((registry) => registry.put(row)))
    },

    async close() {
      await all(registries.map((registry) => registry.close()))
    },
  }
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
