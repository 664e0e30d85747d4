import { beginMessage, type Tracer } from '@hoptrace/core'
import type { KitChannel, KitHandler, MessageSubject } from '../index.js'

interface Message {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** A queue in memory that delivers a message until its handler succeeds. */
class TinyQueue {
  private readonly messages: Message[] = []
  private handler: ((message: Message) => Promise<void>) | undefined
  private readonly timers = new Set<NodeJS.Timeout>()

  publish(message: Message): void {
    this.messages.push(message)
    this.later(0)
  }

  subscribe(handler: (message: Message) => Promise<void>): void {
    this.handler = handler
    this.later(0)
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer)
    this.handler = undefined
  }

  private later(millis: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      void this.deliver()
    }, millis)
    this.timers.add(timer)
  }

  private async deliver(): Promise<void> {
    const { handler } = this
    const message = handler === undefined ? undefined : this.messages.shift()
    if (handler === undefined || message === undefined) return
    try {
      await handler(message)
    } catch {
      this.messages.unshift(message)
      return this.later(200)
    }
    if (this.messages.length > 0) this.later(0)
  }
}

let queues = 0

/** An adapter for the queue in 20 lines. */
class TinyChannel implements KitChannel {
  readonly destination = `tiny://queue-${++queues}`
  private readonly queue = new TinyQueue()

  constructor(private readonly tracers: { readonly sender: Tracer; readonly consumer: Tracer }) {}

  async send(body: string): Promise<void> {
    const message = beginMessage(this.tracers.sender, { message: this.destination })
    this.queue.publish({ body, headers: message?.headers ?? {} })
    message?.sent()
  }

  sendAll(bodies: readonly string[]): Promise<unknown> {
    return Promise.all(bodies.map((body) => this.send(body)))
  }

  async sendRaw(body: string, headers: Readonly<Record<string, string>>): Promise<void> {
    this.queue.publish({ body, headers })
  }

  async consume(handler: KitHandler): Promise<void> {
    const { destination } = this
    this.tracers.consumer.consumes(destination)
    this.queue.subscribe(({ body, headers }) =>
      this.tracers.consumer.run({ name: destination, message: destination, headers }, () => handler(body)),
    )
  }

  async close(): Promise<void> {
    this.queue.stop()
  }
}

export const tinyBroker: MessageSubject = {
  name: 'a queue in memory',
  open: async (tracers) => new TinyChannel(tracers),
  away: async (sender) => ({
    async send() {
      const message = beginMessage(sender, { message: 'tiny://away' })
      const error = Object.assign(new Error('the broker is away'), { code: 'ECONNREFUSED' })
      message?.failed(error)
      throw error
    },
    close: async () => undefined,
  }),
}
