import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AskOptions } from '@hoptrace/cli'
import { startChild } from '../chain/child.js'
import { GATEWAY_KINDS, type GatewayRoute } from '../net/gateway-kinds.js'
import type { Host } from '../net/host.js'
import { callerRules, routerRules, type Endpoint } from '../net/nat.js'
import type { Network } from '../net/network.js'
import { startHaproxy, startNginx, type Front } from '../net/proxies.js'
import { viewFromElsewhere } from './elsewhere.js'
import type { Instance, Terrain } from './terrain.js'
import type { TopologyName } from './topologies.js'
import { REQUESTS } from './plan.js'
import { ENTRY, SERVICES, type ServiceName } from './topology.js'

/** Services that have a second process on another host, where balancers are. */
const DOUBLED: readonly ServiceName[] = ['s3', 's6']
/** Services that are several workers on one port, in the topology that is about them. */
const CLUSTERED: readonly ServiceName[] = ['s3', 's6']
const BALANCED: ReadonlySet<TopologyName> = new Set([
  'nginx',
  'nginx-stream',
  'haproxy',
  'clusterip',
  'names',
  'retry',
  'cache',
])

const SERVICE_PORT = 3000
const PUBLISHED_PORT = 8080
const FIRST_FRONT = 8001
const CLOCK = new URL('../../../packages/core/src/e2e/clock.fixture.mjs', import.meta.url).href

/** The host of the harness, from which requests come and questions are asked. */
export const ASKER = 'ask'
/** The host of proxies. */
const BETWEEN = 'between'
/** The host of the store. */
export const STORE_HOST = 'store'
/** All hosts that a topology may need. */
export const HOSTS: readonly string[] = [
  ASKER,
  BETWEEN,
  STORE_HOST,
  ...SERVICES,
  ...DOUBLED.map((name) => `${name}b`),
]

/** What a terrain is made of. */
export interface NetTerrainOptions {
  readonly network: Network
  readonly topology: TopologyName
  readonly dataDir: string
  /** URL of the HBase that all share, each with a separate data directory; undefined: embedded stores in one data directory, which all hosts have. */
  readonly hbase: string | undefined
  /** How many requests are sent in a run. @default 250 */
  readonly requests?: number | undefined
}

/** Services on separate hosts, with a topology between them. The calling process has to run on the asking host. */
export async function netTerrain(options: NetTerrainOptions): Promise<Terrain> {
  const { network, topology, dataDir, hbase, requests = REQUESTS } = options
  const dirOf = (host: string): string => (hbase === undefined ? dataDir : path.join(dataDir, 'hosts', host))
  const store = hbase === undefined ? { kind: 'level' } : { kind: 'hbase', url: hbase }
  const stores = hbase === undefined ? [] : [hbase]
  const instances = SERVICES.flatMap((service) =>
    hostsOf(service, topology).map((name): Instance => {
      const host = topology === 'published' ? network.container(name) : network.host(name)
      return {
        id: name,
        service,
        bind: '0.0.0.0',
        port: SERVICE_PORT,
        inside: host.inside,
        dataDir: dirOf(name),
        env: {
          STORE: JSON.stringify(store),
          ...(topology === 'workers' && CLUSTERED.includes(service) ? { WORKERS: '3' } : {}),
        },
        nodeArguments: topology === 'clock' ? ['--import', CLOCK] : [],
      }
    }),
  )
  const dirs = [...new Set([...HOSTS.map(dirOf), dirOf(BETWEEN)])]
  await Promise.all(dirs.map((dir) => mkdir(path.join(dir, 'registry'), { recursive: true })))
  const routes = routesOf(network, topology)
  const stop = await layBetween(options, routes, dirOf(BETWEEN), store)
  const asker = (name: string): AskOptions => ({ dir: dirOf(name), stores })
  const standIn = standInOf(topology)
  return {
    instances,
    // Twice the processes, and whatever is between them, on the same cores.
    everyMillis: 10,
    requests,
    urlOf: (service) => `http://${routes.get(service)?.dialled ?? ''}/`,
    ownAddress: network.host(ASKER).address,
    near: asker,
    far: async () => (hbase === undefined ? { dir: await viewFromElsewhere(dataDir) } : asker(ASKER)),
    shipped: { dirs, stores },
    standIns: new Map(
      standIn === undefined ? [] : SERVICES.filter((name) => name !== ENTRY).map((name) => [name, standIn]),
    ),
    link: async (service, state) => {
      for (const name of hostsOf(service, topology)) await network.host(name).link(state)
    },
    close: stop,
  }
}

/** How callers reach a service. */
interface Route {
  readonly service: ServiceName
  /** `host:port` as callers dial it. */
  readonly dialled: string
  /** Port on the host between, where that plays a part. */
  readonly front: number
  readonly to: readonly Endpoint[]
}

function routesOf(network: Network, topology: TopologyName): Map<ServiceName, Route> {
  const between = network.host(BETWEEN).address
  return new Map(
    SERVICES.map((service, index) => {
      const hosts = hostsOf(service, topology).map((name) => network.host(name))
      const port = topology === 'published' ? PUBLISHED_PORT : SERVICE_PORT
      const to = hosts.map(({ address }) => ({ address, port }))
      const front = FIRST_FRONT + index
      const direct = `${to[0]?.address ?? ''}:${port}`
      const dialled = (): string => {
        // Its clients are outside.
        if (service === ENTRY) return direct
        if (topology === 'clusterip') return `${virtualOf(index)}:80`
        if (topology === 'names') return `${service}:${port}`
        return isBetween(topology) ? `${between}:${front}` : direct
      }
      return [service, { service, dialled: dialled(), front, to }]
    }),
  )
}

/** Starts the proxies and rules between the services; resolves to what removes them. */
async function layBetween(
  { network, topology }: NetTerrainOptions,
  routes: ReadonlyMap<ServiceName, Route>,
  gatewayDir: string,
  store: object,
): Promise<() => Promise<void>> {
  const between = network.host(BETWEEN)
  const callees = [...routes.values()].filter(({ service }) => service !== ENTRY)
  const fronts: Front[] = callees.map(({ front, to }) => ({ port: front, to }))
  const hosts = SERVICES.flatMap((service) => hostsOf(service, topology)).map((name) => network.host(name))
  const clear = async (some: readonly Host[]): Promise<void> =>
    void (await Promise.all(some.map((host) => host.rules(''))))
  switch (topology) {
    case 'nginx':
      return (await startNginx(between, fronts)).stop
    case 'nginx-stream':
      return (await startNginx(between, fronts, { level: 'stream' })).stop
    case 'retry':
      return (await startNginx(between, fronts, { retries: true })).stop
    case 'cache':
      return (await startNginx(between, fronts, { caches: 'half' })).stop
    case 'haproxy':
      return (await startHaproxy(between, fronts)).stop
    case 'clusterip': {
      const virtual = callees.map(({ service, to }) => ({
        address: virtualOf(SERVICES.indexOf(service)),
        port: 80,
        to,
      }))
      await Promise.all(hosts.map((host) => host.rules(callerRules(virtual))))
      return () => clear(hosts)
    }
    case 'dnat': {
      const { address } = between
      await between.forwardPackets()
      await between.rules(routerRules(callees.map(({ front, to }) => ({ address, port: front, to }))))
      return () => clear([between])
    }
    case 'published':
      for (const host of hosts) {
        const to = [{ address: network.container(host.name).address, port: SERVICE_PORT }]
        await host.rules(routerRules([{ address: host.address, port: PUBLISHED_PORT, to }]))
      }
      return () => clear(hosts)
    case 'names': {
      const names = Object.fromEntries(
        callees.map(({ service, to }) => [service, to.map(({ address }) => address)]),
      )
      await Promise.all(hosts.map((host) => host.hosts(names)))
      return async () => undefined
    }
    case 'gateway': {
      const gateways: GatewayRoute[] = callees.map(({ front, to: [to] }, index) => ({
        kind: GATEWAY_KINDS[index % GATEWAY_KINDS.length] ?? 'fetch',
        port: front,
        target: `http://${to?.address ?? ''}:${to?.port ?? 0}`,
      }))
      const child = await startChild(
        fileURLToPath(new URL('../net/gateway.ts', import.meta.url)),
        {
          ROUTES: JSON.stringify(gateways),
          STORE: JSON.stringify(store),
          HOPTRACE_DIR: gatewayDir,
        },
        { inside: between.inside },
      )
      return async () => {
        child.kill('SIGTERM')
        await child.ended
      }
    }
    default:
      return async () => undefined
  }
}

function hostsOf(service: ServiceName, topology: TopologyName): string[] {
  return BALANCED.has(topology) && DOUBLED.includes(service) ? [service, `${service}b`] : [service]
}

function isBetween(topology: TopologyName): boolean {
  return ['nginx', 'nginx-stream', 'haproxy', 'dnat', 'retry', 'cache', 'gateway'].includes(topology)
}

function standInOf(topology: TopologyName): string | null | undefined {
  if (topology === 'gateway') return 'gateway'
  return ['nginx', 'haproxy', 'retry', 'cache'].includes(topology) ? null : undefined
}

function virtualOf(index: number): string {
  return `10.232.0.${index + 1}`
}
