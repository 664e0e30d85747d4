import { beginMessage, type OutboundMessage, type Tracer } from '@hoptrace/core'
import type { Batch, KafkaMessage, Producer, Sender, TopicMessages, Transaction } from './types.js'

/** How topics are recorded. */
export interface KafkaOptions {
  /** Topics that only services without a tracer consume: a trace does not wait for them. @default none */
  readonly untracedTopics?: readonly string[]
}

/** The text by which sender and consumer name a topic. */
export const destinationOf = (topic: string): string => `kafka://${topic}`

/** Records each message that a producer sends, also in transactions. */
export function traceProducer(producer: Producer, tracer: Tracer, options: KafkaOptions): void {
  const sending = new Sending(tracer, options)
  wrapSender(producer, sending, undefined)
  const { transaction } = producer
  if (transaction === undefined) return
  producer.transaction = async () => {
    const begun = await transaction.call(producer)
    traceTransaction(begun, sending)
    return begun
  }
}

/** Consumers see the messages of a transaction when it is committed. */
function traceTransaction(transaction: Transaction, sending: Sending): void {
  const pending: OutboundMessage[] = []
  wrapSender(transaction, sending, pending)
  const { commit, abort } = transaction
  transaction.commit = () => sending.ends(pending, () => commit.call(transaction))
  transaction.abort = () => {
    for (const message of pending.splice(0)) message.failed('ERR_CANCELED')
    return abort.call(transaction)
  }
}

/** `pending`: takes the messages that the broker has, but does not show to consumers yet. */
function wrapSender(sender: Sender, sending: Sending, pending: OutboundMessage[] | undefined): void {
  const { send, sendBatch } = sender
  sender.send = (record) =>
    sending.all([record], pending, ([traced]) => send.call(sender, traced as TopicMessages))
  sender.sendBatch = (batch) =>
    sending.all((batch as Batch | undefined)?.topicMessages, pending, (topicMessages) =>
      sendBatch.call(sender, { ...batch, topicMessages }),
    )
}

class Sending {
  private readonly untraced: ReadonlySet<string>

  constructor(
    private readonly tracer: Tracer,
    { untracedTopics = [] }: KafkaOptions,
  ) {
    this.untraced = new Set(untracedTopics)
  }

  /** Sends records with our headers, each message as a call. What the client does not accept, it gets unchanged. */
  async all(
    records: readonly TopicMessages[] | undefined,
    pending: OutboundMessage[] | undefined,
    send: (records: readonly TopicMessages[]) => Promise<unknown>,
  ): Promise<unknown> {
    if (this.tracer.hop === undefined || !Array.isArray(records) || !records.every(hasMessages))
      return send(records as readonly TopicMessages[])
    const begun: OutboundMessage[] = []
    const traced = records.map((record) => ({
      ...record,
      messages: record.messages.map((message) => this.begin(record.topic, message, begun)),
    }))
    if (pending === undefined) return this.ends(begun, () => send(traced))
    try {
      const sent = await send(traced)
      pending.push(...begun)
      return sent
    } catch (error) {
      fail(begun, error)
      throw error
    }
  }

  /** The messages get to consumers if `work` succeeds. */
  async ends(messages: OutboundMessage[], work: () => Promise<unknown>): Promise<unknown> {
    const ended = messages.splice(0)
    try {
      const done = await work()
      for (const message of ended) message.sent()
      return done
    } catch (error) {
      fail(ended, error)
      throw error
    }
  }

  private begin(topic: string, message: KafkaMessage, begun: OutboundMessage[]): KafkaMessage {
    const traced = !this.untraced.has(topic)
    const call = beginMessage(this.tracer, { message: destinationOf(topic), traced })
    if (call === undefined) return message
    begun.push(call)
    return { ...message, headers: { ...message.headers, ...call.headers } }
  }
}

/** A broker's own error has a `type`: `TOPIC_AUTHORIZATION_FAILED`. */
function fail(messages: readonly OutboundMessage[], error: unknown): void {
  const { type } = (error ?? {}) as { readonly type?: unknown }
  for (const message of messages) message.failed(typeof type === 'string' ? type : error)
}

function hasMessages(record: unknown): record is TopicMessages {
  const { topic, messages } = (record ?? {}) as Partial<TopicMessages>
  return (
    typeof topic === 'string' &&
    Array.isArray(messages) &&
    messages.every((message) => typeof message === 'object' && message !== null)
  )
}
