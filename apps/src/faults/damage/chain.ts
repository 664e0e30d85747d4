import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startChild, type Child } from '../../chain/child.js'
import { freePortList } from '../../chain/ports.js'

/** The services of the recorded chain, entry first. Each calls the next one. */
export const SERVICES = ['front', 'orders', 'payments', 'stock'] as const

/** Name of a service of the recorded chain. */
export type ServiceName = (typeof SERVICES)[number]

/** How a task ends in the last service: answered 200, answered 500, or never. */
export type TaskKind = 'well' | 'fails' | 'hangs'

/** What travels along the chain. */
export interface Task {
  /** Also the value of the key `task`. */
  readonly name: string
  /** Also the value of the key `customer`, which several tasks share. */
  readonly customer: string
  readonly kind: TaskKind
}

/** The chain as processes. All of them keep their data in one directory. */
export class RecordedChain {
  readonly #dataDir: string
  readonly #ports: ReadonlyMap<ServiceName, number>
  readonly #children = new Map<ServiceName, Child>()

  private constructor(dataDir: string, ports: readonly number[]) {
    this.#dataDir = dataDir
    this.#ports = new Map(SERVICES.map((name, index) => [name, ports[index] ?? 0]))
  }

  /** Starts all services. */
  static async start(dataDir: string): Promise<RecordedChain> {
    const chain = new RecordedChain(dataDir, await freePortList(SERVICES.length))
    await Promise.all(SERVICES.map((name) => chain.start(name)))
    return chain
  }

  async start(name: ServiceName): Promise<void> {
    const next = SERVICES[SERVICES.indexOf(name) + 1]
    const child = await startChild(fileURLToPath(new URL('./service.ts', import.meta.url)), {
      NAME: name,
      PORT: String(this.#ports.get(name)),
      DATA_DIR: this.#dataDir,
      ...(next === undefined ? {} : { NEXT_URL: this.#url(next) }),
    })
    this.#children.set(name, child)
  }

  /** Sends a task to the entry. Resolves to its status. */
  async send(task: Task): Promise<number> {
    const response = await fetch(`${this.#url('front')}/tasks/${task.kind}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(task),
    })
    await response.text()
    return response.status
  }

  /** Resolves when `count` tasks hang in the last service. */
  async hanging(count: number): Promise<void> {
    for (;;) {
      const response = await fetch(`${this.#url('stock')}/hanging`)
      const { hanging } = (await response.json()) as { hanging: number }
      if (hanging >= count) return
      await sleep(20)
    }
  }

  /** Ships everything that every service has recorded so far. */
  async flush(): Promise<void> {
    await Promise.all(
      SERVICES.map(async (name) => (await fetch(`${this.#url(name)}/flush`, { method: 'POST' })).text()),
    )
  }

  /** Ends one service by a signal and waits until its process is gone. */
  async end(name: ServiceName, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#children.get(name)
    this.#children.delete(name)
    child?.kill(signal)
    await child?.ended
  }

  /** Ends whatever still runs. */
  async kill(): Promise<void> {
    await Promise.all(SERVICES.map((name) => this.end(name, 'SIGKILL')))
  }

  #url(name: ServiceName): string {
    return `http://127.0.0.1:${this.#ports.get(name)}`
  }
}
