import type { Job, Tracer } from '@hoptrace/core'
import { destinationOf } from './send.js'
import type { Consumer, EachBatch, EachMessage, KafkaMessage, RunConfig, Subscription } from './types.js'

/** The hops of messages that a batch handler has in hand. */
const jobs = new WeakMap<KafkaMessage, Job>()

/**
 * For `eachBatch`: runs `fn` in the hop of one message of the batch, which ends when what `fn` returns settles. A message that the
 * handler does not run so ends when its offset is resolved, or with the batch.
 */
export function runMessage<T>(message: KafkaMessage, fn: () => Promise<T>): Promise<T> {
  const job = jobs.get(message)
  if (job === undefined) return fn()
  return job.run(fn).then(
    (value) => (job.end(), value),
    (thrown: unknown) => {
      job.end({ thrown })
      throw thrown
    },
  )
}

/** Makes each delivery of a message a hop. */
export function traceConsumer(consumer: Consumer, groupId: string, tracer: Tracer): void {
  const { subscribe, run } = consumer
  const consuming = new Consuming(tracer, groupId)
  consumer.subscribe = (subscription) => {
    for (const topic of topicsOf(subscription)) tracer.consumes(destinationOf(topic))
    return subscribe.call(consumer, subscription)
  }
  consumer.run = (config) => run.call(consumer, config === undefined ? config : consuming.traced(config))
}

/** Patterns name no topic: those are known when their first message comes. */
function topicsOf(subscription: Subscription | undefined): string[] {
  const { topic, topics } = subscription ?? {}
  const all: unknown[] = [topic, ...(Array.isArray(topics) ? (topics as unknown[]) : [])]
  return all.filter((one) => typeof one === 'string')
}

class Consuming {
  constructor(
    private readonly tracer: Tracer,
    private readonly groupId: string,
  ) {}

  traced(config: RunConfig): RunConfig {
    const { eachMessage, eachBatch } = config
    return {
      ...config,
      ...(eachMessage === undefined
        ? {}
        : { eachMessage: (payload: EachMessage) => this.eachMessage(payload, eachMessage) }),
      ...(eachBatch === undefined
        ? {}
        : { eachBatch: (payload: EachBatch) => this.eachBatch(payload, config, eachBatch) }),
    }
  }

  private async eachMessage(
    payload: EachMessage,
    handler: (payload: EachMessage) => Promise<unknown>,
  ): Promise<unknown> {
    const { topic, partition, message } = payload
    const job = this.begin(topic, partition, message)
    if (job === undefined) return handler(payload)
    jobs.set(message, job)
    return runMessage(message, async () => handler(payload))
  }

  /** No hop is the current one in a batch handler: its work is for many traces. */
  private async eachBatch(
    payload: EachBatch,
    { eachBatchAutoResolve = true }: RunConfig,
    handler: (payload: EachBatch) => Promise<unknown>,
  ): Promise<unknown> {
    const { topic, partition, messages } = payload.batch
    const open = new Map<KafkaMessage, Job>()
    for (const message of messages) {
      const job = this.begin(topic, partition, message)
      if (job === undefined) continue
      jobs.set(message, job)
      open.set(message, job)
    }
    const end = (
      isWanted: (message: KafkaMessage) => boolean,
      error?: { readonly thrown: unknown },
    ): void => {
      for (const [message, job] of open) {
        // In the order of their offsets.
        if (!isWanted(message)) return
        open.delete(message)
        job.end(error)
      }
    }
    try {
      const resolveOffset = (offset: string): unknown => {
        end((message) => isThrough(message, offset))
        return payload.resolveOffset(offset)
      }
      const done = await handler({ ...payload, resolveOffset })
      end(() => true, eachBatchAutoResolve ? undefined : notResolved)
      return done
    } catch (thrown) {
      end(() => true, { thrown })
      throw thrown
    }
  }

  private begin(topic: string, partition: number, message: KafkaMessage): Job | undefined {
    const destination = destinationOf(topic)
    const { headers = {}, offset } = message
    const job = this.tracer.begin({ name: `${topic} (${this.groupId})`, message: destination, headers })
    job?.hop.setAttributes({ 'kafka.partition': partition, ...(offset && { 'kafka.offset': offset }) })
    return job
  }
}

/** Offsets are decimal text of 64 bits. */
function isThrough({ offset }: KafkaMessage, resolved: string): boolean {
  try {
    return offset !== undefined && BigInt(offset) <= BigInt(resolved)
  } catch {
    return false
  }
}

/** Kafka delivers it again to the next run of the group. */
const notResolved = {
  thrown: { name: 'MessageNotResolved', message: 'the handler resolved no offset for it' },
}
