import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChild, type Child } from '../chain/child.js'
import { openBlackHole, type BlackHole } from './black-hole.js'
import type { Instance, Terrain } from './terrain.js'
import { ENTRY, SERVICES, TOPOLOGY, type ServiceName } from './topology.js'

/** How the processes of a fleet are traced. */
export interface FleetTracing {
  readonly kind: 'hoptrace' | 'otel'
  /** Where OpenTelemetry sends spans. */
  readonly otlpUrl?: string
}

/** A process of the fleet, with the processes that it has forked. */
interface Member {
  readonly instance: Instance
  readonly child: Child
  readonly workers: Set<number>
}

/** The processes of the harness, and a port that swallows what is sent to it. */
export class Fleet {
  /** What the fleet itself writes is here. */
  readonly dataDir: string
  readonly terrain: Terrain
  readonly #tracing: FleetTracing
  readonly #blackHole: BlackHole
  readonly #members = new Map<string, Member>()
  readonly #starting = new Map<string, Promise<void>>()
  readonly #dead = new Set<number>()
  #bereft = new Set<ServiceName>()

  private constructor(dataDir: string, tracing: FleetTracing, terrain: Terrain, blackHole: BlackHole) {
    this.dataDir = dataDir
    this.terrain = terrain
    this.#tracing = tracing
    this.#blackHole = blackHole
  }

  /** Starts all. `doomed`: services that are doomed from the beginning: see `doom`. */
  static async start(
    dataDir: string,
    tracing: FleetTracing,
    terrain: Terrain,
    doomed: readonly ServiceName[] = [],
  ): Promise<Fleet> {
    const fleet = new Fleet(dataDir, tracing, terrain, await openBlackHole(terrain.ownAddress))
    for (const name of doomed) fleet.doom(name, true)
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
    return this.terrain.urlOf(ENTRY)
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

  /** Whether processes of a service, those that are started from now on too, end at the very first request that they take. */
  doom(name: ServiceName, doomed: boolean): void {
    if (doomed) writeFileSync(this.#doomFile(name), '')
    else rmSync(this.#doomFile(name), { force: true })
  }

  /** Whether it is doomed at the moment. */
  isDoomed(name: ServiceName): boolean {
    return existsSync(this.#doomFile(name))
  }

  /** Sets the clock of a service's host, in milliseconds ahead. Only where the terrain gives each host a clock. */
  setClock(name: ServiceName, aheadMillis: number): void {
    writeFileSync(this.#clockFile(name), String(aheadMillis))
  }

  /** Whether all processes of a service run. */
  isWhole(name: ServiceName): boolean {
    return this.#instancesOf(name).every(({ id }) => this.#members.has(id))
  }

  /** Starts what does not run of a service. */
  async revive(name: ServiceName): Promise<void> {
    await Promise.all(this.#instancesOf(name).map((instance) => this.#revive(instance)))
  }

  /** Starts whatever does not run. */
  async reviveAll(): Promise<void> {
    await Promise.all(SERVICES.map((name) => this.revive(name)))
  }

  /** Sends a signal to the processes of a service that are stopped. */
  signalStopped(name: ServiceName, signal: NodeJS.Signals): void {
    for (const { child, workers } of this.#membersOf(name)) {
      for (const pid of [child.pid, ...workers]) if (isStopped(pid)) process.kill(pid, signal)
    }
  }

  /** Ends a service at once and resolves when its processes are gone. */
  async down(name: ServiceName): Promise<void> {
    await Promise.all(this.#membersOf(name).map(kill))
  }

  /** What the processes of a service have written last. */
  output(name: ServiceName): string {
    return this.#membersOf(name)
      .map(({ child }) => child.output())
      .join('')
  }

  /** Ends everything in order, so that what a tracer still holds is shipped, and then what the terrain put between. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#starting.values())
    const members = [...this.#members.values()]
    for (const { child, workers } of members) {
      for (const pid of workers) if (isStopped(pid)) process.kill(pid, 'SIGCONT')
      child.kill('SIGCONT')
      child.kill('SIGTERM')
    }
    const late = setTimeout(() => members.forEach((member) => void kill(member)), 10_000)
    await Promise.all(members.map(({ child }) => child.ended))
    clearTimeout(late)
    await this.#blackHole.close()
    await this.terrain.close()
  }

  async #revive(instance: Instance): Promise<void> {
    const { id } = instance
    if (this.#members.has(id)) return
    const starting = this.#starting.get(id) ?? this.#start(instance).finally(() => this.#starting.delete(id))
    this.#starting.set(id, starting)
    await starting
  }

  async #start(instance: Instance): Promise<void> {
    const { service, inside, nodeArguments, env } = instance
    const next = TOPOLOGY[service].next.map((one) => [one, this.terrain.urlOf(one)])
    const workers = new Set<number>()
    const child = await startChild(
      programOf(instance),
      {
        NAME: service,
        PORT: String(instance.port),
        BIND: instance.bind,
        NEXT_URLS: JSON.stringify({ ...Object.fromEntries(next), 'black-hole': this.#blackHole.url }),
        TRUTH_FILE: this.#truthFile(service),
        DOOM_FILE: this.#doomFile(service),
        CLOCK_OFFSET_FILE: this.#clockFile(service),
        TRACING: this.#tracing.kind,
        DATA_DIR: instance.dataDir,
        OTLP_URL: this.#tracing.otlpUrl ?? '',
        // Small enough to be filled in a moment.
        NODE_OPTIONS: '--max-old-space-size=160',
        ...env,
      },
      {
        inside,
        nodeArguments,
        onMessage: (message) => {
          const { began, ended } = message as { began?: number; ended?: number }
          if (began !== undefined) workers.add(began)
          if (ended !== undefined && workers.delete(ended)) this.#bury(service, ended)
        },
      },
    )
    const member = { instance, child, workers }
    this.#members.set(instance.id, member)
    void child.ended.then(() => {
      this.#bury(service, child.pid)
      for (const pid of workers) this.#bury(service, pid)
      if (this.#members.get(instance.id) === member) this.#members.delete(instance.id)
    })
  }

  #bury(service: ServiceName, pid: number): void {
    this.#dead.add(pid)
    this.#bereft.add(service)
  }

  #instancesOf(name: ServiceName): Instance[] {
    return this.terrain.instances.filter(({ service }) => service === name)
  }

  #membersOf(name: ServiceName): Member[] {
    return [...this.#members.values()].filter(({ instance }) => instance.service === name)
  }

  #truthFile(name: ServiceName): string {
    return path.join(this.dataDir, `truth-${name}.jsonl`)
  }

  #doomFile(name: ServiceName): string {
    return path.join(this.dataDir, `doom-${name}`)
  }

  #clockFile(name: ServiceName): string {
    return path.join(this.dataDir, `clock-${name}`)
  }
}

function programOf({ env }: Instance): string {
  const name = env['WORKERS'] === undefined ? 'service' : 'clustered'
  return fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
}

/** By SIGKILL, its workers too; resolves when the process that was started is gone. */
async function kill({ child, workers }: Member): Promise<void> {
  child.kill('SIGKILL')
  for (const pid of workers) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }
  await child.ended
}

/** By SIGSTOP. */
function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
  } catch {
    return false
  }
}
