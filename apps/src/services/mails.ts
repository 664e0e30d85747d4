import type { Tracer } from '@hoptrace/core'
import { traceKafka } from '@hoptrace/kafkajs'
import { Kafka, logLevel } from 'kafkajs'

/** What orders asks notify to send. */
export interface Mail {
  readonly to: string
  readonly template: string
  readonly attachments: number
}

const topic = 'mails'

/** Sends mails by way of a broker; they are taken when notify comes to them. */
export async function mailSender(broker: string, tracer: Tracer): Promise<(mail: Mail) => Promise<unknown>> {
  const producer = (await shopKafka(broker, tracer)).producer()
  await producer.connect()
  return (mail) => producer.send({ topic, messages: [{ value: JSON.stringify(mail) }] })
}

/** Takes mails from a broker, one at a time. A mail whose handler does not end is delivered to the next run. */
export async function consumeMails(
  broker: string,
  tracer: Tracer,
  handle: (mail: Mail, heartbeat: () => Promise<void>) => Promise<void>,
): Promise<void> {
  // The shortest time after which the broker gives up a consumer that was killed.
  const consumer = (await shopKafka(broker, tracer)).consumer({ groupId: 'notify', sessionTimeout: 6000 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: (payload) =>
      handle(JSON.parse(String(payload.message.value)) as Mail, () => payload.heartbeat()),
  })
}

async function shopKafka(broker: string, tracer: Tracer): Promise<Kafka> {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, retry: { maxRetryTime: 1000 } })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
  await admin.disconnect()
  return traceKafka(kafka, tracer)
}
