import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChild, type Child } from '../chain/child.js'
import { freePortList } from '../chain/ports.js'
import { openBlackHole, type BlackHole } from './black-hole.js'
import { ENTRY, SERVICES, TOPOLOGY, type ServiceName } from './topology.js'

/** How the processes of a fleet are traced. */
export interface FleetTracing {
  readonly kind: 'hoptrace' | 'otel'
  /** Where OpenTelemetry sends spans. */
  readonly otlpUrl?: string
}

/** The processes of the harness, and a port that swallows what is sent to it. */
export class Fleet {
  readonly dataDir: string
  readonly #tracing: FleetTracing
  readonly #urls: Readonly<Record<string, string>>
  readonly #blackHole: BlackHole
  readonly #children = new Map<ServiceName, Child>()
  readonly #starting = new Map<ServiceName, Promise<void>>()
  readonly #dead = new Set<number>()
  #bereft = new Set<ServiceName>()

  private constructor(
    dataDir: string,
    tracing: FleetTracing,
    blackHole: BlackHole,
    urls: Readonly<Record<string, string>>,
  ) {
    this.dataDir = dataDir
    this.#tracing = tracing
    this.#blackHole = blackHole
    this.#urls = urls
  }

  /** Starts all. */
  static async start(dataDir: string, tracing: FleetTracing): Promise<Fleet> {
    const blackHole = await openBlackHole()
    const ports = await freePortList(SERVICES.length)
    const urls: Record<string, string> = {}
    for (const [index, name] of SERVICES.entries()) urls[name] = `http://127.0.0.1:${ports[index] ?? 0}/`
    const fleet = new Fleet(dataDir, tracing, blackHole, urls)
    try {
      await fleet.reviveAll()
    } catch (error) {
      await fleet.stop()
      throw error
    }
    return fleet
  }

  /** Where requests come in. */
  get entryUrl(): string {
    return this.#urls[ENTRY] ?? ''
  }

  /** Processes that have ended since the start. */
  get dead(): ReadonlySet<number> {
    return this.#dead
  }

  /** Services of which a process has ended since this was last asked to be forgotten. */
  get bereft(): ReadonlySet<string> {
    return this.#bereft
  }

  forgetDeaths(): void {
    this.#bereft = new Set()
  }

  /** The files in which the services say what they did. */
  get truthFiles(): string[] {
    return SERVICES.map((name) => this.#truthFile(name))
  }

  /** Starts a service unless it runs. */
  async revive(name: ServiceName): Promise<void> {
    if (this.#children.has(name)) return
    const starting = this.#starting.get(name) ?? this.#start(name).finally(() => this.#starting.delete(name))
    this.#starting.set(name, starting)
    await starting
  }

  /** Starts whatever does not run. */
  async reviveAll(): Promise<void> {
    await Promise.all(SERVICES.map((name) => this.revive(name)))
  }

  /** Sends a signal to a service, if it runs. */
  signal(name: ServiceName, signal: NodeJS.Signals): void {
    this.#children.get(name)?.kill(signal)
  }

  /** Ends a service at once and resolves when its process is gone. */
  async down(name: ServiceName): Promise<void> {
    const child = this.#children.get(name)
    child?.kill('SIGKILL')
    await child?.ended
  }

  /** What the process of a service has written last. */
  output(name: ServiceName): string {
    return this.#children.get(name)?.output() ?? ''
  }

  /** Ends everything in order, so that what a tracer still holds is shipped. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#starting.values())
    const children = [...this.#children.values()]
    for (const child of children) {
      child.kill('SIGCONT')
      child.kill('SIGTERM')
    }
    const late = setTimeout(() => children.forEach((child) => child.kill('SIGKILL')), 10_000)
    await Promise.all(children.map((child) => child.ended))
    clearTimeout(late)
    await this.#blackHole.close()
  }

  async #start(name: ServiceName): Promise<void> {
    const next = TOPOLOGY[name].next.map((one) => [one, this.#urls[one]])
    const child = await startChild(fileURLToPath(new URL('./service.ts', import.meta.url)), {
      NAME: name,
      PORT: new URL(this.#urls[name] ?? '').port,
      NEXT_URLS: JSON.stringify({ ...Object.fromEntries(next), 'black-hole': this.#blackHole.url }),
      TRUTH_FILE: this.#truthFile(name),
      TRACING: this.#tracing.kind,
      DATA_DIR: this.dataDir,
      OTLP_URL: this.#tracing.otlpUrl ?? '',
      // Small enough to be filled in a moment.
      NODE_OPTIONS: '--max-old-space-size=160',
    })
    this.#children.set(name, child)
    void child.ended.then(() => {
      this.#dead.add(child.pid)
      this.#bereft.add(name)
      if (this.#children.get(name) === child) this.#children.delete(name)
    })
  }

  #truthFile(name: ServiceName): string {
    return path.join(this.dataDir, `truth-${name}.jsonl`)
  }
}
