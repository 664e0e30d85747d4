import { createTracer } from '@hoptrace/core'
import { traceKafka } from './index.js'
import { kafkaAt } from './topics.fixture.js'

/** A consumer that says when it has a message, and keeps it. */
const { url = '', topic = '', dataDir = '' } = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>
const tracer = createTracer({ service: 'notify', dataDir })
const consumer = traceKafka(kafkaAt(url), tracer).consumer({ groupId: 'notify', sessionTimeout: 6000 })
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  eachMessage: () => {
    process.send?.('taken')
    return new Promise(() => undefined)
  },
})
process.on('disconnect', () => process.exit(0))
