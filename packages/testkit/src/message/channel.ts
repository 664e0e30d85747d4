import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTracer, type HopId, type ResolveResult, type Tracer } from '@hoptrace/core'
import { eventually, waitMillis } from './eventually.js'
import type { KitChannel, MessageSubject } from './subject.js'

/** Two traced services with a channel between them, and the answers about their traces. */
export class KitServices implements AsyncDisposable {
  private constructor(
    readonly sender: Tracer,
    readonly consumer: Tracer,
    private readonly dir: string,
    readonly channel: KitChannel,
  ) {}

  static async open(subject: MessageSubject): Promise<KitServices> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'hoptrace-kit-'))
    const sender = createTracer({ service: 'sender', dataDir: dir })
    const consumer = createTracer({ service: 'consumer', dataDir: dir })
    return new KitServices(sender, consumer, dir, await subject.open({ sender, consumer }))
  }

  /** Runs `fn` in a hop of the sender. Gives the hop's id, also if `fn` rejects. */
  async inHop(fn: () => Promise<unknown>): Promise<HopId> {
    let id = '' as HopId
    await this.sender
      .run({ name: 'place-order' }, async () => {
        id = this.sender.hop?.id as HopId
        await fn()
      })
      .catch(() => undefined)
    return id
  }

  /** The first answer that `isWanted` accepts. Rejects after a minute, with the last answer. */
  eventually(id: HopId, isWanted: (result: ResolveResult) => boolean): Promise<ResolveResult> {
    return eventually(this.dir, id, isWanted)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.channel.close()
    await Promise.all([this.sender.close(), this.consumer.close()])
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Resolves once `seen` has this many entries. */
export async function arrived(seen: readonly unknown[], count: number): Promise<void> {
  const until = performance.now() + waitMillis
  while (seen.length < count) {
    if (performance.now() > until) throw new Error(`${seen.length} of ${count} messages arrived`)
    await sleep(20)
  }
}
