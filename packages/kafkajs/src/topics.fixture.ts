import { Kafka, logLevel, type RetryOptions } from 'kafkajs'

/** Delivers again soon what a handler did not take. */
export const patient: RetryOptions = { initialRetryTime: 100, maxRetryTime: 300, retries: 1_000_000 }

/** The client of a real Kafka at `kafka://127.0.0.1:port`. */
export function kafkaAt(url: string, retry: RetryOptions = patient): Kafka {
  return new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING, retry })
}

let topics = 0

/** A new topic with one partition. */
export async function makeTopic(kafka: Kafka, name = `topic-${process.pid}-${++topics}`): Promise<string> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: true })
  await admin.disconnect()
  return name
}
