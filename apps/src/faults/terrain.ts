import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { AskOptions } from '@hoptrace/cli'
import { freePortList } from '../chain/ports.js'
import { viewFromElsewhere } from './elsewhere.js'
import { SERVICES, type ServiceName } from './topology.js'

/** A process of a service: where it runs, and its environment. */
export interface Instance {
  /** Unlike that of any other. */
  readonly id: string
  readonly service: ServiceName
  /** Address and port that it listens on. */
  readonly bind: string
  readonly port: number
  /** Words in front of its command: see `Host.inside`. */
  readonly inside: readonly string[]
  readonly dataDir: string
  readonly env: NodeJS.ProcessEnv
  readonly nodeArguments: readonly string[]
}

/** Where the processes of a fleet run, what is between them, and from where questions are asked. */
export interface Terrain {
  readonly instances: readonly Instance[]
  /** Time between two requests. */
  readonly everyMillis: number
  /** How many are sent in a run. */
  readonly requests: number
  /** What callers dial to reach a service. */
  urlOf(service: ServiceName): string
  /** An address of the harness itself that services can dial. */
  readonly ownAddress: string
  /** From a host that can read the logs of that service. */
  near(service: ServiceName): AskOptions
  /** From a host that cannot read the logs of the dead, while no process adopts them. */
  far(): Promise<AskOptions>
  /** The data directories that `hoptrace ship` is run in, and the stores that it is given. */
  readonly shipped: { readonly dirs: readonly string[]; readonly stores: readonly string[] }
  /** What answers in place of a service: see `Aftermath`. */
  readonly standIns: ReadonlyMap<string, string | null>
  /** Pulls the hosts of a service off the network, or plugs them in. */
  link(service: ServiceName, state: 'up' | 'down'): Promise<void>
  /** Removes what is between them, once the processes have ended. */
  close(): Promise<void>
}

/** All on loopback, in one data directory, with nothing between. */
export async function loopbackTerrain(dataDir: string): Promise<Terrain> {
  // Only a key that is given lets other hosts ask. The services inherit it.
  process.env['HOPTRACE_KEY'] ??= randomBytes(32).toString('base64url')
  const ports = await freePortList(SERVICES.length)
  const instances = SERVICES.map((service, index) => ({
    id: service,
    service,
    bind: '127.0.0.1',
    port: ports[index] ?? 0,
    inside: [],
    dataDir,
    env: {},
    nodeArguments: [],
  }))
  await mkdir(path.join(dataDir, 'registry'), { recursive: true })
  return {
    instances,
    everyMillis: 5,
    requests: 500,
    urlOf: (service) => `http://127.0.0.1:${ports[SERVICES.indexOf(service)] ?? 0}/`,
    ownAddress: '127.0.0.1',
    near: () => ({ dir: dataDir }),
    far: async () => ({ dir: await viewFromElsewhere(dataDir) }),
    shipped: { dirs: [dataDir], stores: [] },
    standIns: new Map(),
    link: async () => undefined,
    close: async () => undefined,
  }
}
