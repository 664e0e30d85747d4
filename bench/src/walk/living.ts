import type { HopId, StoreSpec } from '@hoptrace/core'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { services } from './recorded.js'
import type { ServiceOrder, ServiceStart } from './service.js'

const program = fileURLToPath(new URL('./service.js', import.meta.url))
const traces = 200

/** Five services, each an Express process of its own, that call each other in a chain. */
export class LivingServices {
  private constructor(
    private readonly processes: readonly ChildProcess[],
    private readonly entry: string,
  ) {}

  static async start(making: {
    readonly dataDir: string
    readonly clusterKey: string
    readonly store?: StoreSpec
  }): Promise<LivingServices> {
    const processes: ChildProcess[] = []
    let next: string | undefined
    for (const service of services.toReversed()) {
      const child = fork(program, { execArgv: process.execArgv })
      processes.push(child)
      const start: ServiceStart = { service, next, ...making }
      child.send(start)
      ;[next] = (await once(child, 'message')) as [string]
    }
    return new LivingServices(processes, next as string)
  }

  /** Stores so many hops, most of them the services' own, and gives the entries of traces through all five. */
  async record(hops: number): Promise<[HopId, string][]> {
    await this.all({ fill: Math.max(0, Math.floor(hops / services.length) - traces) })
    const entries: [HopId, string][] = []
    for (let i = 0; i < traces; i++) {
      const orderId = `o-${i}`
      const res = await fetch(`${this.entry}/orders/${orderId}`, { method: 'POST' })
      entries.push([((await res.json()) as { hop: HopId }).hop, orderId])
    }
    await this.all({ flush: true })
    return entries
  }

  /** Resolves when they have ended. */
  async stop(): Promise<void> {
    await Promise.all(
      this.processes.map(async (child) => {
        const ended = once(child, 'exit')
        if (child.connected) child.disconnect()
        await ended
      }),
    )
  }

  private async all(order: ServiceOrder): Promise<void> {
    await Promise.all(
      this.processes.map(async (child) => {
        const done = once(child, 'message')
        child.send(order)
        await done
      }),
    )
  }
}
