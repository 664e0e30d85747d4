import type { Tracer } from '@hoptrace/core'
import { traceConsumer } from './consume.js'
import { traceProducer, type KafkaOptions } from './send.js'
import type { Consumer, Producer } from './types.js'

export { runMessage } from './consume.js'
export type { KafkaOptions }

/** What is used of a `Kafka` of kafkajs 2. */
export interface Traceable {
  producer(...options: never[]): object
  consumer(...options: never[]): object
}

/**
 * Traces what the producers and consumers of a `Kafka` send and take, from the next `kafka.producer()` and
 * `kafka.consumer()` on, and returns it. Each message is a call of the current hop; each delivery is a hop,
 * `next` of the call.
 */
export function traceKafka<T extends Traceable>(kafka: T, tracer: Tracer, options: KafkaOptions = {}): T {
  const traced = traceable(kafka)
  const { producer, consumer } = traced
  traced.producer = (...args) => {
    const made = producer.apply(kafka, args) as Producer
    traceProducer(made, tracer, options)
    return made
  }
  traced.consumer = (...args) => {
    const made = consumer.apply(kafka, args) as Consumer
    const [given] = args as [{ readonly groupId?: unknown } | undefined]
    traceConsumer(made, String(given?.groupId), tracer)
    return made
  }
  return kafka
}

interface Factories {
  producer: (this: unknown, ...args: unknown[]) => object
  consumer: (this: unknown, ...args: unknown[]) => object
}

const traceable = (kafka: Traceable): Factories => kafka as unknown as Factories
