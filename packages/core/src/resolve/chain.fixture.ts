import type { CallRecord, HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import { createResolver, type Resolver } from './create-resolver.js'
import type { ResolverOptions } from './options.js'
import { MemoryRegistry, TestInstance } from './test-instance.fixture.js'
import { baseNanos, testCall, testId, testRecord } from './test-trace.fixture.js'

/** Services that call each other in a row, each a real HTTP server; stopped when disposed. */
export class Chain implements AsyncDisposable {
  readonly registry = new MemoryRegistry()
  readonly instances: TestInstance[] = []
  readonly ids: HopId[] = []
  private readonly resolvers: Resolver[] = []

  static async of(services: readonly string[], clusterKey?: string): Promise<Chain> {
    const chain = new Chain()
    for (const service of services) {
      chain.instances.push(await new TestInstance(service, chain.registry, clusterKey).start())
    }
    chain.instances.forEach(({ port }) => chain.ids.push(testId(port)))
    return chain
  }

  get traceId(): HopId {
    return this.ids[0] as HopId
  }

  instance(index: number): TestInstance {
    return this.instances[index] as TestInstance
  }

  /** A healthy record of one service: it calls the next one. */
  record(index: number, more: Partial<HopRecord> = {}, call: Partial<CallRecord> = {}): HopRecord {
    const { service, port } = this.instance(index)
    const next = this.ids[index + 1]
    const calls =
      next === undefined ? [] : [testCall(this.instance(index + 1).port, { hopId: next, ...call })]
    return testRecord(service, port, {
      hopId: this.ids[index] as HopId,
      traceId: this.traceId,
      startNanos: baseNanos + BigInt(index) * 200_000n,
      next: calls,
      ...more,
    })
  }

  /** Everybody has a healthy record. */
  healthy(): this {
    this.instances.forEach((instance, index) => instance.records.push(this.record(index)))
    return this
  }

  resolver(options: ResolverOptions = {}): Resolver {
    const resolver = createResolver({
      registry: this.registry,
      dir: this.registry.dataDir,
      patienceMillis: 300,
      ...options,
    })
    this.resolvers.push(resolver)
    return resolver
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resolver of this.resolvers) await resolver.close()
    for (const instance of this.instances) await instance.stop()
    this.registry[Symbol.dispose]()
  }
}
