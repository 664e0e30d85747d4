import type { HBaseClient } from '@hoptrace/hbase-client'

interface Shared {
  readonly client: Promise<HBaseClient>
  users: number
}

const clients = new Map<string, Shared>()

/** One client a cluster and thread: stores of several tables share its connections. `release` closes it after the last. */
export function useClient(servers: string): {
  readonly client: Promise<HBaseClient>
  release(): Promise<void>
} {
  let shared = clients.get(servers)
  if (shared === undefined) {
    const client = import('@hoptrace/hbase-client').then(({ createHBaseClient }) =>
      createHBaseClient({ servers }),
    )
    shared = { client, users: 0 }
    clients.set(servers, shared)
  }
  const mine = shared
  mine.users++
  let released = false
  return {
    client: mine.client,
    release: async () => {
      if (released) return
      released = true
      if (--mine.users > 0) return
      clients.delete(servers)
      await (await mine.client).close()
    },
  }
}
