import { createServer, type AddressInfo } from 'node:net'
import { startServer, type RunningServer } from '@hoptrace/servers-dev'
import { describeRealServer } from '@hoptrace/servers-dev/suite'
import { messageAdapterSuite, type KitChannel, type MessageSubject } from '@hoptrace/testkit'
import * as bullmq5 from 'bullmq'
import * as bullmq6 from 'bullmq6'
import { afterAll, beforeAll } from 'vitest'
import { traceBullmq } from './index.js'

/** Both releases have the same classes; their types differ in details that the kit does not use. */
type Bullmq = typeof bullmq5

let queues = 0

describeRealServer('redis', 'the kit of message adapters', () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await startServer('redis')
  })
  afterAll(() => server.wipe())

  messageAdapterSuite(subjectOf('BullMQ 5', bullmq5, () => server.url))
  messageAdapterSuite(subjectOf('BullMQ 6', bullmq6 as unknown as Bullmq, () => server.url))
})

function subjectOf(name: string, { Queue, Worker }: Bullmq, url: () => string): MessageSubject {
  return {
    name,
    open: async ({ sender, consumer }): Promise<KitChannel> => {
      const connection = { url: url() }
      const queueName = `kit-${++queues}`
      const queue = traceBullmq(new Queue(queueName, { connection }), sender)
      const raw = new Queue(queueName, { connection })
      const opened: { close(force?: boolean): Promise<unknown> }[] = [queue, raw]
      const opts = { attempts: 1000, backoff: 100 }
      return {
        destination: `bullmq://${queueName}`,
        send: (body) => queue.add('job', body, opts),
        sendAll: (bodies) => queue.addBulk(bodies.map((data) => ({ name: 'job', data, opts }))),
        sendRaw: (body, headers) =>
          raw.add('job', body, { ...opts, telemetry: { metadata: JSON.stringify(headers) } }),
        consume: async (handler) => {
          const worker = new Worker<string>(queueName, ({ data }) => handler(data), { connection })
          opened.unshift(traceBullmq(worker, consumer))
          await worker.waitUntilReady()
        },
        close: async () => {
          for (const one of opened) await one.close(true)
        },
      }
    },
    away: async (sender) => {
      const port = await closedPort()
      const connection = { host: '127.0.0.1', port, enableOfflineQueue: false, retryStrategy: () => null }
      const queue = new Queue('away', { connection, skipVersionCheck: true })
      queue.on('error', () => undefined)
      traceBullmq(queue, sender)
      return { send: (body) => queue.add('job', body), close: () => queue.close() }
    },
  }
}

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
