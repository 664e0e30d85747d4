import type { InstanceRows, Registry } from '../store/instance-row.js'

/**
 * A registry that says when a part of it cannot be read, once for as long as it is so. Where nothing can be read, whoever asks
 * is told by the error.
 */
export function tellingRegistry(registry: Registry, warn: (message: string) => void): Registry {
  let told = 0
  const tell = (rows: InstanceRows): InstanceRows => {
    const unread = rows.length === 0 ? [] : (rows.unread ?? [])
    // The same failure may be worded in another way the next time.
    if (unread.length > told) for (const what of unread) warn(`not every registry could be read: ${what}`)
    told = unread.length
    return rows
  }
  return {
    ...(registry.name === undefined ? {} : { name: registry.name }),
    list: () => registry.list(),
    listKnown: async () => tell(await (registry.listKnown?.() ?? registry.list())),
    put: (row) => registry.put(row),
    close: () => registry.close(),
  }
}
