import { isIP } from 'node:net'
import { connect } from 'node:tls'
import type { HBaseClient } from '@hoptrace/hbase-client'

interface Shared {
  readonly client: Promise<HBaseClient>
  users: number
}

const clients = new Map<string, Shared>()

/** How a cluster is reached. */
export interface Reached {
  /** `host:port[,host:port]` */
  readonly servers: string
  readonly tls: boolean
  readonly kerberos: boolean
}

/** One client a cluster and thread: stores of several tables share its connections. `release` closes it after the last. */
export function useClient(cluster: Reached): {
  readonly client: Promise<HBaseClient>
  release(): Promise<void>
} {
  const name = JSON.stringify(cluster)
  let shared = clients.get(name)
  if (shared === undefined) {
    const { servers, tls, kerberos } = cluster
    const service = process.env['HOPTRACE_KERBEROS_SERVICE']
    const client = import('@hoptrace/hbase-client').then(({ createHBaseClient }) =>
      createHBaseClient({
        servers: `hbase://${servers}`,
        ...(tls ? { connect: connectTls } : {}),
        ...(kerberos ? { kerberos: service === undefined ? {} : { service } } : {}),
      }),
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
