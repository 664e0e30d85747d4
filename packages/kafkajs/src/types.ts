/*
 * The part of kafkajs that the adapter uses. It names no type of kafkajs, so that clients with the same API fit.
 */

export interface KafkaMessage {
  readonly headers?: Readonly<Record<string, unknown>> | undefined
  readonly offset?: string
}

/** One topic's messages: what `send` takes, and what is in the list that `sendBatch` takes. */
export interface TopicMessages {
  readonly topic: string
  readonly messages: readonly KafkaMessage[]
}

export interface Batch {
  readonly topicMessages?: readonly TopicMessages[]
}

/** A producer, or a transaction of one. */
export interface Sender {
  send: (this: Sender, record: TopicMessages) => Promise<unknown>
  sendBatch: (this: Sender, batch: Batch) => Promise<unknown>
}

export interface Transaction extends Sender {
  commit: (this: Transaction) => Promise<unknown>
  abort: (this: Transaction) => Promise<unknown>
}

export interface Producer extends Sender {
  transaction?: (this: Producer) => Promise<Transaction>
}

export interface EachMessage {
  readonly topic: string
  readonly partition: number
  readonly message: KafkaMessage
}

export interface EachBatch {
  readonly batch: {
    readonly topic: string
    readonly partition: number
    readonly messages: readonly KafkaMessage[]
  }
  readonly resolveOffset: (offset: string) => unknown
}

export interface RunConfig {
  readonly eachBatchAutoResolve?: boolean
  readonly eachMessage?: ((payload: EachMessage) => Promise<unknown>) | undefined
  readonly eachBatch?: ((payload: EachBatch) => Promise<unknown>) | undefined
}

export interface Subscription {
  readonly topic?: unknown
  readonly topics?: unknown
}

export interface Consumer {
  subscribe: (this: Consumer, subscription: Subscription) => Promise<unknown>
  run: (this: Consumer, config?: RunConfig) => Promise<unknown>
}
