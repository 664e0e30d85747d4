import { isIP } from 'node:net'
import { connect } from 'node:tls'
import type { HBaseClient } from '@hoptrace/hbase-client'

interface Shared {
  readonly client: Promise<HBaseClient>
  users: number
}

const clients = new Map<string, Shared>()

/** One client a cluster and thread: stores of several tables share its connections. `release` closes it after the last. */
export function useClient(
  servers: string,
  tls: boolean,
): {
  readonly client: Promise<HBaseClient>
  release(): Promise<void>
} {
  const name = `${tls ? 'tls' : 'tcp'} ${servers}`
  let shared = clients.get(name)
  if (shared === undefined) {
    const client = import('@hoptrace/hbase-client').then(({ createHBaseClient }) =>
      createHBaseClient({ servers: `hbase://${servers}`, ...(tls ? { connect: connectTls } : {}) }),
    )
    shared = { client, users: 0 }
    clients.set(name, shared)
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
      clients.delete(name)
      await (await mine.client).close()
    },
  }
}

/** The server's certificate has to name it as the cluster does. */
function connectTls({
  host,
  port,
}: {
  readonly host: string
  readonly port: number
}): ReturnType<typeof connect> {
  return connect({ host, port, minVersion: 'TLSv1.2', ...(isIP(host) === 0 ? { servername: host } : {}) })
}
