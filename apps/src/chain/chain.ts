import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, type Child } from './child.js'
import { frontKindOf, openFront, type Front } from './front.js'
import { programOf, SERVICES, type Ports, type ServiceName } from './services.js'

/** What a chain is started with. */
export interface ChainOptions {
  readonly ports: Ports
  /** Ports of reverse proxies, one for each service; a caller dials the proxy. @default no proxies */
  readonly fronts?: Ports
  /** Where the services keep logs, stores and the registry. */
  readonly dataDir: string
  /** `level` (each service its own), or an HBase URL. @default 'level' */
  readonly store?: string
  /** The words that run a program in the runtime of the services. @default those of Node */
  readonly runtime?: readonly string[]
  /** Further environment of the services. */
  readonly env?: NodeJS.ProcessEnv
  /** Called after each start and end of a service. */
  readonly onChange?: (chain: Chain) => void
}

/** The shop's five services as processes: started, killed and started again one by one. */
export class Chain {
  readonly #options: ChainOptions
  readonly #children = new Map<ServiceName, Child>()
  readonly #fronts = new Map<ServiceName, Front>()

  constructor(options: ChainOptions) {
    this.#options = options
  }

  /** Services that run, with their processes. */
  get running(): ReadonlyMap<ServiceName, { readonly pid: number }> {
    return this.#children
  }

  /** Where orders are placed. */
  get entryUrl(): string {
    return this.#urlOf('gateway')
  }

  get dataDir(): string {
    return this.#options.dataDir
  }

  /** `ip:port` of a service. */
  addressOf(name: ServiceName): string {
    return `127.0.0.1:${this.#options.ports[name]}`
  }

  /** Starts all services that do not run. When one does not start, the others are ended and it rejects. */
  async startAll(): Promise<void> {
    const results = await Promise.allSettled(SERVICES.map((name) => this.start(name)))
    const failed = results.find((result) => result.status === 'rejected')
    if (!failed) return
    await this.stopAll()
    throw failed.reason
  }

  /** Starts one service; resolves when it listens. */
  async start(name: ServiceName): Promise<void> {
    if (this.#children.has(name)) return
    const { ports, fronts, dataDir, store = 'level', runtime, env } = this.#options
    const urls = SERVICES.map((other) => [`${other.toUpperCase()}_URL`, this.#urlOf(other)])
    const settings = {
      ...(Object.fromEntries(urls) as NodeJS.ProcessEnv),
      PORT: String(ports[name]),
      HOPTRACE_DIR: dataDir,
      SHOP_STORE: store,
      ...env,
    }
    const child = await startChild(programOf(name), settings, runtime === undefined ? {} : { runtime })
    this.#children.set(name, child)
    const front = fronts && (await openFront(frontKindOf(name), fronts[name], ports[name]))
    if (front) this.#fronts.set(name, front)
    void child.ended.then(() => {
      if (this.#children.get(name) === child) this.#children.delete(name)
      this.#options.onChange?.(this)
    })
    this.#options.onChange?.(this)
  }

  /** Resolves when a service that is about to end by itself has ended. */
  async ended(name: ServiceName): Promise<void> {
    await this.#children.get(name)?.ended
    await this.#closeFront(name)
  }

  /** SIGKILL. Resolves when the process is gone. */
  async kill(name: ServiceName): Promise<void> {
    const child = this.#children.get(name)
    child?.kill('SIGKILL')
    await child?.ended
    await this.#closeFront(name)
  }

  /** Ends a service in order; after `patienceMillis` with SIGKILL. */
  async stop(name: ServiceName, patienceMillis = 10_000): Promise<void> {
    const child = this.#children.get(name)
    if (!child) return
    child.kill('SIGTERM')
    const over = new AbortController()
    const late = sleep(patienceMillis, 'late' as const, { signal: over.signal }).catch(() => undefined)
    if ((await Promise.race([child.ended, late])) === 'late') child.kill('SIGKILL')
    over.abort()
    await child.ended
    await this.#closeFront(name)
  }

  /** Ends all services in order, entry first, so that no service calls one that has ended. */
  async stopAll(): Promise<void> {
    await Promise.all(SERVICES.map((name) => this.stop(name)))
  }

  #urlOf(name: ServiceName): string {
    const { ports, fronts } = this.#options
    return `http://127.0.0.1:${(fronts ?? ports)[name]}`
  }

  async #closeFront(name: ServiceName): Promise<void> {
    const front = this.#fronts.get(name)
    this.#fronts.delete(name)
    await front?.close()
  }

  /** The last output of a service that runs. */
  outputOf(name: ServiceName): string {
    return this.#children.get(name)?.output() ?? ''
  }
}
