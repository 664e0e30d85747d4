import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AskOptions } from '@hoptrace/cli'
import type { StoreSpec } from '@hoptrace/core'
import { startChild, type Child } from '../chain/child.js'
import { startAsker, type Asker } from './asker.js'
import type { Daemon } from './daemon.js'
import type { GatewayRoute } from './gateway-kinds.js'
import { Network } from './network.js'

/** What a service of a site is started with. */
export interface SiteService {
  readonly service: string
  /** Base URLs of the services that it calls. */
  readonly next?: readonly string[]
  /** Another data directory than the one that all share. */
  readonly dataDir?: string
  readonly store?: StoreSpec
  readonly env?: NodeJS.ProcessEnv
  /** It runs in the host's container. @default false */
  readonly contained?: boolean
  readonly program?: 'service' | 'workers' | 'stranger'
}

/** A service that runs on a host. */
export interface Running extends Child {
  /** `http://address:port` of the host itself. */
  readonly url: string
}

const HOSTS = ['ask', 'a', 'b', 'b2', 'between', 'store'] as const

/** A host of a site. */
export type SiteHost = (typeof HOSTS)[number]

/** A network with an asking host and three for services, one data directory, and whatever a test puts between. */
export class Site {
  readonly network: Network
  readonly asker: Asker
  readonly dataDir: string
  /** The cluster key of its services and of its asker. */
  readonly key: string
  readonly #stops: (() => Promise<unknown>)[] = []

  private constructor(network: Network, asker: Asker, dataDir: string, key: string) {
    this.network = network
    this.asker = asker
    this.dataDir = dataDir
    this.key = key
  }

  static async open(): Promise<Site> {
    const network = await Network.create(HOSTS, ['b'])
    const key = randomBytes(32).toString('base64url')
    try {
      const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-site-'))
      const asker = await startAsker(network.host('ask'), { HOPTRACE_KEY: key })
      return new Site(network, asker, dataDir, key)
    } catch (error) {
      await network.remove()
      throw error
    }
  }

  /** Where questions find the services of the shared data directory. */
  get where(): AskOptions {
    return { dir: this.dataDir }
  }

  address(host: SiteHost): string {
    return this.network.host(host).address
  }

  /** Starts a service on a host; it is ended by `clear`. */
  async start(on: SiteHost, options: SiteService): Promise<Running> {
    const { service, next = [], dataDir = this.dataDir, store, env = {}, contained = false } = options
    const host = contained ? this.network.container(on) : this.network.host(on)
    await mkdir(dataDir, { recursive: true })
    const port = env['PORT'] ?? '3000'
    const child = await startChild(
      programOf(options.program ?? 'service'),
      {
        SERVICE: service,
        PORT: port,
        NEXT: JSON.stringify(next),
        HOPTRACE_DIR: dataDir,
        HOPTRACE_KEY: this.key,
        STORE: store === undefined ? '' : JSON.stringify(store),
        ...env,
      },
      { inside: host.inside },
    )
    this.#stops.unshift(() => end(child))
    return { ...child, url: `http://${this.address(on)}:${port}` }
  }

  /** Starts a traced gateway on the host between. */
  async startGateway(routes: readonly GatewayRoute[]): Promise<Child> {
    const child = await startChild(
      fileURLToPath(new URL('./gateway.ts', import.meta.url)),
      { ROUTES: JSON.stringify(routes), HOPTRACE_DIR: this.dataDir, HOPTRACE_KEY: this.key },
      { inside: this.network.host('between').inside },
    )
    this.#stops.unshift(() => end(child))
    return child
  }

  /** Stops something that a test has put between when the test is over. */
  async keep(daemon: Promise<Daemon>): Promise<void> {
    const { stop } = await daemon
    this.#stops.push(stop)
  }

  /** Ends all services and proxies, and begins with an empty data directory. */
  async clear(): Promise<void> {
    for (const stop of this.#stops.splice(0)) await stop()
    for (const host of HOSTS) {
      await this.network.host(host).link('up')
      await this.network.host(host).rules('')
    }
    await rm(this.dataDir, { recursive: true, force: true })
    await mkdir(this.dataDir)
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0)) await stop()
    await this.asker.close()
    await this.network.remove()
    await rm(this.dataDir, { recursive: true, force: true })
  }
}

function programOf(name: NonNullable<SiteService['program']>): string {
  return fileURLToPath(new URL(`./${name}.fixture.ts`, import.meta.url))
}

async function end(child: Child): Promise<void> {
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5000)
  await child.ended
  clearTimeout(late)
}
